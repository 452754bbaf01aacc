"""The slow and obvious answer: sets of instants, one clock reading for each."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

STEP = timedelta(minutes=5)


@lru_cache
def instants_of(zone, first_day, days):
    """Every fifth minute of UTC that falls on these calendar days of the zone."""
    wanted = {first_day + timedelta(days=n) for n in range(days)}
    instant = datetime.combine(first_day, time(0), tzinfo=UTC) - timedelta(days=1)
    end = instant + timedelta(days=days + 3)
    found = []
    while instant < end:
        if instant.astimezone(zone).date() in wanted:
            found.append(instant)
        instant += STEP
    return tuple(found)


@lru_cache
def clock_readings(zone, first_day, days):
    """For each day, its instants with what the clock on the wall shows."""
    readings = {}
    for instant in instants_of(zone, first_day, days):
        local = instant.astimezone(zone)
        readings.setdefault(local.date(), []).append((instant, local.time()))
    return readings


def opening_hours(zone, first_day, days, hours_on):
    """Open from the first moment the clock shows *opens* or later, until the first
    at which it shows *closes* or later; 00:00 as *closes* is the end of the day."""
    result = set()
    for day, readings in clock_readings(zone, first_day, days).items():
        for opens, closes in hours_on(day):
            has_opened = has_closed = False
            for instant, wall in readings:
                has_opened = has_opened or wall >= opens
                has_closed = has_closed or (closes != time(0) and wall >= closes)
                if has_opened and not has_closed:
                    result.add(instant)
    return result


def hours_on(weekly, exceptions, closed_days):
    def hours(day: date):
        if day in closed_days:
            return ()
        return exceptions.get(day, weekly.get(day.weekday(), ()))

    return hours


def within(instants, spans):
    return {
        instant
        for instant in instants
        if any(begins <= instant < ends for begins, ends in spans)
    }


def is_on_grid(instant, zone, minutes):
    local = instant.astimezone(zone)
    return (local.hour * 60 + local.minute) % minutes == 0


def used_instants(plan, shown_start):
    """For each key the instants that a visit with this shown start uses."""
    begin = shown_start
    for phase in plan.phases:
        if phase.patient:
            break
        begin -= phase.cells * STEP
    used = {}
    for phase in plan.phases:
        instants = {begin + number * STEP for number in range(phase.cells)}
        for need in phase.needs:
            used.setdefault(need.key, set()).update(instants)
        begin += phase.cells * STEP
    return used


def candidates(plan, key, resources, free):
    """Ids of the resources that can be *key*, with the instants they are free."""
    need = next(n for phase in plan.phases for n in phase.needs if n.key == key)
    return {
        resource.id: free[resource.id]
        for resource in resources
        if resource.kind == need.kind and need.capability in resource.capabilities
    }


def lead_key(plan):
    for phase in plan.phases:
        for need in phase.needs:
            if need.kind == "practitioner":
                return need.key
    return None


def search(plan, resources, free, allowed):
    """For each practitioner the allowed instants at which everything is free."""
    lead = lead_key(plan)
    leaders = [0] if lead is None else candidates(plan, lead, resources, free)
    found = {practitioner: set() for practitioner in leaders}
    for start in allowed:
        used = used_instants(plan, start)
        for practitioner in found:
            if all(
                any(
                    instants <= free_then
                    for id_, free_then in candidates(plan, key, resources, free).items()
                    if key != lead or id_ == practitioner
                )
                for key, instants in used.items()
            ):
                found[practitioner].add(start)
    return found
