"""``photonwatch slo``: definitions of objectives, and what they say of events. Thin: the work is in the slo room."""

import typer

from console.commands.slo.alertmanager import alertmanager
from console.commands.slo.backtest import backtest
from console.commands.slo.evaluate import evaluate
from console.commands.slo.explain import explain
from console.commands.slo.report import report
from console.commands.slo.rules import rules
from console.commands.slo.spent import spent
from console.commands.slo.validate import validate
from console.commands.slo.views import views


def build() -> typer.Typer:
    app = typer.Typer(help="Objectives: check them, understand them, hold events against them.", no_args_is_help=True)
    for command in (validate, explain, evaluate, backtest, report, spent, views, rules, alertmanager):
        app.command()(command)
    return app
