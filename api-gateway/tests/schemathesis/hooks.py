"""Completes valid requests with what JSON Schema cannot state.

A schema says that a filter is a string; whether the string is a filter, whether the task that an id names exists and which
fields need each other, it cannot say. Requests that are meant to be refused stay as they are generated.
"""

import json

import schemathesis

# Texts with a grammar of their own, and names and ids of things that must exist.
VALUES = {
    "category": "",
    "depends_on": [],
    # No keyword that Schemathesis knows bounds a time, and a pattern knows no months.
    "due_date": "2026-12-01",
    "due_local_time": "2026-12-01T09:00:00",
    "due_time": "2026-12-01T09:00:00Z",
    "filter": "state = open",
    "order_by": "priority desc, due",
    "page_token": "",
    "parent_task_id": "",
    "query": "invoice",
    "recurrence_rule": "FREQ=WEEKLY",
    "resume_token": "",
    "saved_filter": "",
    "search_language": "german",
    "start_time": "2026-12-01T08:00:00Z",
    "time_zone": "Europe/Berlin",
}
AUDIT_FILTER = 'action = "task.*"'

# The mask is derived from the fields that are present, of which there must be one.
CHANGES = {
    "/v1/categories/{category_id}": {"color": "#3366cc"},
    "/v1/preferences": {"email_enabled": True},
    "/v1/savedFilters/{saved_filter_id}": {"display_name": "this week"},
    "/v1/settings": {"time_zone": "Europe/Berlin"},
    "/v1/tags/{tag_id}": {"color": "#3366cc"},
    "/v1/tasks/{task_id}": {"description": "more"},
}

FILES = {
    "application/x-ndjson": '{"title": "one"}\n',
    "text/csv": "title\none\n",
    "text/calendar": "BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nSUMMARY:one\r\nEND:VTODO\r\nEND:VCALENDAR\r\n",
    "application/octet-stream": '{"title": "one"}\n',
}

DUE = ("due_time", "due_date", "due_local_time")


def replace(values, path):
    for name, value in VALUES.items():
        if values.get(name):
            is_audit = name == "filter" and path.startswith("/v1/audit")
            values[name] = AUDIT_FILTER if is_audit else value


def complete_task(task):
    """A rule and a reminder before the due time need one, which is not before the start."""
    if task.get("recurrence_anchor"):
        task["recurrence_rule"] = VALUES["recurrence_rule"]
    for reminder in task.get("reminders") or []:
        if "at_time" in reminder:
            reminder["at_time"] = VALUES["due_time"]
    reminders = {json.dumps(reminder, sort_keys=True): reminder for reminder in task.get("reminders") or []}
    if reminders:
        task["reminders"] = list(reminders.values())
    if "title" in task and (reminders or task.get("recurrence_rule")) and not any(task.get(name) for name in DUE):
        for name in DUE:
            task.pop(name, None)
        task["due_date"] = VALUES["due_date"]
    if any(task.get(name) for name in DUE):
        task.pop("start_time", None)


@schemathesis.hook
def before_call(context, case, kwargs):
    # A URL above 64 kB is refused before the gateway sees it.
    for name, value in (case.query or {}).items():
        if isinstance(value, str) and len(value) > 5_000:
            case.query[name] = "x" * len(value)
    # A partial batch answers with the faults of its items.
    if isinstance(case.body, dict) and case.body.get("partial") is True:
        del case.body["partial"]
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    path = case.operation.path
    if case.query:
        replace(case.query, path)
        if path == "/v1/audit/records:export":
            case.query.update(start_time="2026-12-01T00:00:00Z", end_time="2026-12-02T00:00:00Z")
        if path == "/v1/audit/report":
            case.query.update(start_date="2026-12-01", end_date="2026-12-02")
    if path == "/v1/tasks:import":
        case.body = FILES.get(case.media_type, case.body)
    for name, header in (("request_id", "Idempotency-Key"), ("etag", "If-Match")):
        values = case.body if isinstance(case.body, dict) else case.query
        if values and values.get(name):
            case.headers.pop(header, None)
    if not isinstance(case.body, dict):
        return
    if case.method == "PATCH":
        case.body.update(CHANGES[path])
    tasks = case.body.get("tasks")
    for body in [case.body, *(tasks if isinstance(tasks, list) else [])]:
        body.pop("update_mask", None)
        replace(body, path)
        if path == "/v1/tasks:batchUpdate" and "task_id" in body:
            body["description"] = "more"
        if "title" in body or "reminders" in body:
            complete_task(body)
