"""Definitions as people write them, which tests of several commands share."""

AVAILABILITY = """
apiVersion: openslo/v1
kind: SLO
metadata: {name: availability}
spec:
  service: web
  indicator:
    metadata: {name: ok}
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {type: Prometheus, spec: {query: a}}}
        total: {metricSource: {type: Prometheus, spec: {query: b}}}
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.999}]
"""


def purity(annotation: str) -> str:
    """An objective of g²(0) in place of the shipped one, with one annotation of ours."""
    return f"""
apiVersion: openslo/v1
kind: SLO
metadata: {{name: sps-g2-zero, annotations: {{photonwatch.dev/{annotation}}}}}
spec:
  service: single-photon-sources
  indicatorRef: sps-g2-zero
  timeWindow: [{{duration: 30d, isRolling: true}}]
  budgetingMethod: Occurrences
  objectives: [{{target: 0.99, op: lt, value: 0.5}}]
"""
