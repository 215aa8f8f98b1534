"""Names that the generated rules rest on: the counters that a worker exposes, and the series that the rules record.

A worker exposes each counter for every (objective, subject) from its first sample on, at 0 where nothing has been counted: a
series that begins above 0 hides its first events from Prometheus.
"""

GOOD_TOTAL = "photonwatch_sli_good_total"  # good events; labels OBJECTIVE, SUBJECT
BAD_TOTAL = "photonwatch_sli_bad_total"  # bad events
INSUFFICIENT_TOTAL = "photonwatch_sli_insufficient_total"  # samples whose interval left the verdict open
EXCLUDED_TOTAL = "photonwatch_sli_excluded_total"  # samples in maintenance, calibration or warm-up

STORED_OFFSET = "photonwatch_stored_offset"  # of a worker: up to where everything is stored
MESSAGES_TOTAL = "photonwatch_messages_total"  # of a worker: messages in stored batches

OBJECTIVE = "objective"  # the objective's name: bounded by the definitions
SUBJECT = "subject"  # device, link or hop: bounded by the fleet
SEVERITY = "severity"
TIER = "tier"
CRITICAL = "critical"  # "true" on alerts that nothing may silence, absent on the others

EVENTS = "photonwatch:sli_events:increase_{window}"  # good and bad events of a window
ERROR_RATIO = "photonwatch:sli_errors:ratio_{window}"  # bad over good and bad; absent without events
TARGET = "photonwatch:slo_target:ratio"  # the objective, 0-1
BUDGET = "photonwatch:slo_error_budget:ratio"  # B = 1 - objective
PERIOD = "photonwatch:slo_period:seconds"
PERIOD_BURN = "photonwatch:slo_period_burn_rate:ratio"  # burn rate over the whole period: the share of the budget that is used
REMAINING = "photonwatch:slo_error_budget_remaining:ratio"  # share of the budget that is left; negative when overspent

ALERT = "PhotonwatchBudgetBurn"  # one name for all tiers, so that inhibition and routing need labels only
BLIND = "PhotonwatchBlind"  # no worker is seen, or none stores anything: nothing is judged
DEAD_MAN = "PhotonwatchAlive"  # always fires; its absence says that nobody watches
