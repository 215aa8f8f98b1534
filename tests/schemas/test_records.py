"""Records that were written before they had all their fields are still read."""

import msgspec

from schemas.records import AlertState, IndicatorSample, Shortfall


def test_an_alert_of_before_there_were_inhibitors() -> None:
    old = (
        b'{"alert":"a/s/page","objective":"a","subject":"s","severity":"page","firing":true,"since_unix_s":5,"tiers":["quick"],'
        b'"text":"t","burn_rate":"72/5","budget_remaining":null,"run":"r","firmware":"","runbook":"","version":1}'
    )
    alert = msgspec.json.decode(old, type=AlertState)
    assert (alert.inhibited_by, alert.device, alert.estimate, alert.burn_rate) == ("", "", None, "72/5")
    assert msgspec.json.decode(msgspec.json.encode(alert), type=AlertState) == alert


def test_a_sample_of_before_samples_said_what_they_lack() -> None:
    old = (
        b'{"subject":"s","indicator":"sps.M1","device":"s","run":"r","end_unix_s":10,"integration_s":10,"estimate":{"value":0.5,'
        b'"lower":0.4,"upper":0.6,"confidence":0.95,"counts":{"n":5},"unit":"1","method":"m"},"firmware":"","version":1}'
    )
    sample = msgspec.json.decode(old, type=IndicatorSample)
    assert (sample.version, sample.lacks) == (1, ())
    lacks = (Shortfall(operator="lt", threshold="1/2", more={"n": 20}, seconds=None),)
    fuller = msgspec.structs.replace(sample, lacks=lacks, version=2)
    assert msgspec.json.decode(msgspec.json.encode(fuller), type=IndicatorSample) == fuller
