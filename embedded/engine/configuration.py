"""The engine's own configuration, written anew at every start into the data directory: limits, roles, and no log tables.

What it closes, in the engine itself: nobody holds the rights on SOURCES (files, URLs, other servers), so table functions and
tables over them fail for the platform too; readers' statements run under the role ``reader``, which can look and nothing else;
and the database that takes any path for a table, which the embedded engine puts over ``default``, is moved aside to ``_files``.
"""

import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

FILES_DATABASE = "_files"
READER_ROLE = "reader"
_MERGED_AT_ONCE = 16
"""About so many parts of one size become one. With the engine's own 5 each row is merged twice as often until it rests."""

_USERS = f"""<clickhouse>
  <profiles><default><async_insert>0</async_insert></default></profiles>
  <roles>
    <platform><grants>
      <query>GRANT ALL ON *.*</query>
      <query>REVOKE SOURCES ON *.*</query>
    </grants></platform>
    <{READER_ROLE}><grants>
      <query>GRANT SELECT, SHOW DATABASES, SHOW TABLES, SHOW COLUMNS ON *.*</query>
      <query>REVOKE SELECT, SHOW TABLES, SHOW COLUMNS ON {FILES_DATABASE}.*</query>
    </grants></{READER_ROLE}>
  </roles>
  <users><default>
    <no_password/>
    <networks><ip>127.0.0.1</ip><ip>::1</ip></networks>
    <profile>default</profile><quota>default</quota>
    <grants><query>GRANT platform, {READER_ROLE}</query></grants>
  </default></users>
  <quotas><default/></quotas>
</clickhouse>
"""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things lie beneath the data directory."""

    data: Path

    @property
    def store(self) -> Path:
        """The engine's own directory."""
        return self.data / "store"

    @property
    def spool(self) -> Path:
        """Bodies of inserts that are being received; nameless files."""
        return self.data / "spool"

    @property
    def lock(self) -> Path:
        return self.data / "engine.lock"

    @property
    def engine_xml(self) -> Path:
        return self.data / "configuration" / "engine.xml"

    @property
    def users_xml(self) -> Path:
        return self.data / "configuration" / "users.xml"

    @property
    def working(self) -> Path:
        """An empty directory to run in: the engine would read configuration from its working directory."""
        return self.data / "working"

    @property
    def temporary(self) -> Path:
        """Where the engine's library makes the directory of the connection that its import tries out."""
        return self.data / "temporary"

    @property
    def connection(self) -> str:
        """What ``connect`` takes."""
        return f"{self.store}?config-file={self.engine_xml}&log-level=none"


def write_configuration(layout: Layout, memory_bytes: int) -> None:
    """Make the directories and write the configuration; ``memory_bytes`` bounds the engine's memory as a whole."""
    shutil.rmtree(layout.temporary, ignore_errors=True)  # what a killed process left there
    for directory in (layout.store / "metadata", layout.spool, layout.working, layout.temporary, layout.engine_xml.parent):
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    layout.users_xml.write_text(_USERS)
    layout.engine_xml.write_text(f"""<clickhouse>
  <path>{escape(str(layout.store))}/</path>
  <user_directories><users_xml><path>{escape(str(layout.users_xml))}</path></users_xml></user_directories>
  <default_database>{FILES_DATABASE}</default_database>
  <timezone>UTC</timezone>
  <display_name>photonwatch</display_name>
  <max_server_memory_usage>{memory_bytes}</max_server_memory_usage>
  <mark_cache_size>{memory_bytes // 16}</mark_cache_size>
  <background_pool_size>4</background_pool_size>
  <merge_tree><merge_selector_base>{_MERGED_AT_ONCE}</merge_selector_base>
    <number_of_free_entries_in_pool_to_lower_max_size_of_merge>2</number_of_free_entries_in_pool_to_lower_max_size_of_merge>
    <number_of_free_entries_in_pool_to_execute_mutation>2</number_of_free_entries_in_pool_to_execute_mutation>
    <number_of_free_entries_in_pool_to_execute_optimize_entire_partition>2</number_of_free_entries_in_pool_to_execute_optimize_entire_partition>
  </merge_tree>
  <logger><level>none</level><console>0</console></logger>
</clickhouse>
""")
    metadata = layout.store / "metadata"
    # The engine would take the link's identity for its database of files as well, and die of that. It makes the link anew.
    (metadata / "default").unlink(missing_ok=True)
    default = metadata / "default.sql"
    if not default.exists():
        default.write_text(f"ATTACH DATABASE _ UUID '{uuid.uuid4()}'\nENGINE = Atomic\n")
