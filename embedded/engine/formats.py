"""Content types of ClickHouse's output formats, as its server names them."""

_TYPES = {
    "TabSeparated": "text/tab-separated-values; charset=UTF-8",
    "TSV": "text/tab-separated-values; charset=UTF-8",
    "CSV": "text/csv; charset=UTF-8; header=absent",
    "CSVWithNames": "text/csv; charset=UTF-8; header=present",
    "CSVWithNamesAndTypes": "text/csv; charset=UTF-8; header=present",
    "JSONEachRow": "application/x-ndjson; charset=UTF-8",
    "JSONCompactEachRow": "application/x-ndjson; charset=UTF-8",
    "XML": "application/xml; charset=UTF-8",
    "Native": "application/octet-stream",
    "RowBinary": "application/octet-stream",
    "Arrow": "application/octet-stream",
    "ArrowStream": "application/octet-stream",
    "Parquet": "application/octet-stream",
    "ORC": "application/octet-stream",
    "Avro": "application/octet-stream",
    "MsgPack": "application/octet-stream",
}


def content_type(name: str) -> str:
    if name in _TYPES:
        return _TYPES[name]
    if name.startswith(("TabSeparated", "TSV")):
        return _TYPES["TabSeparated"]
    if name.startswith("RowBinary"):
        return _TYPES["RowBinary"]
    return "application/json; charset=UTF-8" if name.startswith("JSON") else "text/plain; charset=UTF-8"
