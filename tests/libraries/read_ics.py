"""Reads calendar files as icalendar, the Python package, understands them: a JSON document of events."""

import json
import sys
from datetime import datetime, time, timezone

from icalendar import Calendar


def alarm(event, component):
    """The local moment at which an alarm goes off."""
    start = datetime.combine(event.start, time.min)
    return (start + component["TRIGGER"].dt).isoformat(timespec="minutes")


def read(path):
    with open(path, "rb") as file:
        calendar = Calendar.from_ical(file.read())
    events = []
    for event in calendar.walk("VEVENT"):
        events.append(
            {
                "uid": str(event["UID"]),
                "stamp": event["DTSTAMP"].dt.astimezone(timezone.utc).isoformat(),
                "sequence": int(event.get("SEQUENCE", 0)),
                "start": event.start.isoformat(),
                "end": event.end.isoformat(),
                "summary": str(event.get("SUMMARY", "")),
                "status": str(event.get("STATUS", "")),
                "alarms": sorted(alarm(event, part) for part in event.walk("VALARM")),
                "errors": [str(error) for error in event.errors],
            }
        )
    return {"version": str(calendar["VERSION"]), "errors": [str(e) for e in calendar.errors], "events": events}


print(json.dumps(read(sys.argv[1])))
