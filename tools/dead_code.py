"""Code that nothing uses, apart from tests: a name that is defined and never read. `make lint` runs it.

python tools/dead_code.py        exit code 1 and one line a name

Vulture reads the sources. What it cannot see is told to it here: templates, "module:function" strings (the tables of
readers, the entry points), and names that only a framework calls. ALLOWED is what stays although nothing uses it yet.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

from vulture import Vulture

PROJECT = Path(__file__).resolve().parents[1]
SOURCES = ("include/gateway", "plugins/gateway_airflow", "dags")
MAKERS = ("training",)  # uses the library, and is not looked through itself

# name -> why it stays although nothing uses it; the check fails for a name that has become used or has gone
ALLOWED = {
    "handled": "a tally of calls tells all its numbers by name (as_dict)",
    "bounced": "as handled",
    "undone_by": "who undid a calibration, beside who applied it: the row is the record",
    "name_shift": "a calibration's shifts are read by their names",
    "email_shift": "as name_shift",
    "phone_shift": "as name_shift",
    "university": "a sender's candidate becomes a row of a list, field by field",
    "accepted_share": "a receipt's body is checked against its own field names",
    "files_total": "as accepted_share",
    "candidates_total": "as accepted_share",
    "key_right": "the test of rights finds by it the routes that ask for a key",
    "cores_busy": "what a volume needs is printed by benchmarks/scale.py",
    "documents_a_second": "as cores_busy",
    "store_gb_a_day": "as cores_busy",
    "files_gb_a_day": "as cores_busy",
    "calls_a_minute": "as cores_busy",
    "store_slots": "a pool's size is read by the pool's name (gateway_airflow/names.py)",
    "deliver_slots": "as store_slots",
    "notify_slots": "as store_slots",
    "source_slots": "as store_slots",
    "skipped": "a tally of messages tells all its numbers by name (as_dict)",
    "held_days": "retention reads the period of each class by its name",
    "ingested_days": "as held_days",
    "refused_days": "as held_days",
    "discarded_days": "as held_days",
    "received_on": "a manifest is kept with its batch as a whole",
    "from_json": "the inverse that says what Case.as_json keeps; the golden verdicts are read with it",
}
# Called by a framework, by name: which, and the names.
CALLED = {
    "great_expectations": """condition_metric_name condition_value_keys domain_keys ignore_row_if map_metric success_keys
        template_str _pandas _prescriptive_template""",
    "pydantic": "model_config",
    "sqlalchemy": "impl cache_ok process_bind_param process_result_value load_dialect_impl type_annotation_map isolation_level",
    "alembic": "revision down_revision branch_labels depends_on upgrade downgrade",
    "urllib3, requests": "ConnectionCls pool_classes_by_scheme trust_env",
    "contextlib": "trace",
    "tempfile": "tempdir",
    "openpyxl": "data_type",
    "jinja2's sandbox": "intercepted_binops call_binop is_safe_callable obj __context __obj __self",
    "airflow": """conn_name_attr conn_type hook_name get_connection_form_widgets get_ui_field_behaviour test_connection
        external_views fastapi_apps fastapi_root_middlewares operator_extra_links get_link evaluate deserialize
        HeyMiloHook priority_weight_strategies get_weight ti_key max_tries look_for_keys host_proxy _build_client""",
}
# Registered with a framework by a decorator or a base class.
DECORATORS = ["@router.*", "@app.*", "@field_validator", "@model_validator", "@event.listens_for"]
BASES = re.compile(r"^class (\w+)\(\w*(?:Metric|Expectation|MetricProvider)\):", re.MULTILINE)


def seen_elsewhere() -> set[str]:
    """Names that templates, "module:function" strings and the entry points read."""
    found: set[str] = set()
    for template in [*(PROJECT / "plugins").rglob("*.html"), *(PROJECT / "include").rglob("*.html")]:
        found.update(re.findall(r"\.([a-z_]\w*)", template.read_text("utf-8")))
    for source in SOURCES:
        for path in (PROJECT / source).rglob("*.py"):
            text = path.read_text("utf-8")
            found.update(re.findall(r"\"gateway[\w.]*:(\w+)\"", text))
            found.update(BASES.findall(text))
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    for group in (project["scripts"], *project["entry-points"].values()):
        found.update(target.partition(":")[2] for target in group.values())
    return found


def main() -> int:
    vulture = Vulture(ignore_decorators=DECORATORS)
    vulture.scavenge([str(PROJECT / source) for source in (*SOURCES, *MAKERS)])
    told = {*seen_elsewhere(), *ALLOWED, *(name for names in CALLED.values() for name in names.split())}
    makers = tuple(PROJECT / folder for folder in MAKERS)
    unused = [item for item in vulture.get_unused_code() if not any(m in item.filename.parents for m in makers)]
    dead = [item for item in unused if item.name not in told]
    for item in dead:
        print(f"{item.filename.relative_to(PROJECT)}:{item.first_lineno}: nothing uses {item.typ} {item.name}")
    stale = sorted(ALLOWED.keys() - {item.name for item in unused})
    for name in stale:
        print(f"tools/dead_code.py: {name} need not be allowed any more")
    return bool(dead or stale)


if __name__ == "__main__":
    sys.exit(main())
