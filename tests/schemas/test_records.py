"""Records that were written before they had all their fields are still read."""

import msgspec

from schemas.records import AlertState


def test_an_alert_of_before_there_were_inhibitors() -> None:
    old = (
        b'{"alert":"a/s/page","objective":"a","subject":"s","severity":"page","firing":true,"since_unix_s":5,"tiers":["quick"],'
        b'"text":"t","burn_rate":"72/5","budget_remaining":null,"run":"r","firmware":"","runbook":"","version":1}'
    )
    alert = msgspec.json.decode(old, type=AlertState)
    assert (alert.inhibited_by, alert.device, alert.estimate, alert.burn_rate) == ("", "", None, "72/5")
    assert msgspec.json.decode(msgspec.json.encode(alert), type=AlertState) == alert
