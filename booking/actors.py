"""Who acts: a patient, a member of staff with authorities, or the system itself."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from booking.models.account import CLINICIAN, MANAGER, RECEPTION

_AUTHORITIES = {
    RECEPTION: {"reception"},
    CLINICIAN: {"reception", "clinician"},
    # The manager role alone is no clinical authority.
    MANAGER: {"reception", "manager"},
}


@dataclass(frozen=True)
class Actor:
    """`name` goes into the audit trail; `authorities` say what they may release,
    and whether they run the practice.

    `proven`: this very request shows that the address is theirs, so what they are told
    may rest on the clinic's records (I-9b).
    """

    kind: str
    name: str
    user_id: int | None = None
    authorities: frozenset[str] = frozenset()
    proven: bool = False

    @property
    def knows_records(self) -> bool:
        """Whether records may show in what this actor is answered."""
        return self.kind == "staff" or self.proven


PATIENT = Actor("patient", "patient")
PROVEN_PATIENT = Actor("patient", "patient", proven=True)
SYSTEM = Actor("system", "system")


def staff_actor(name: str, user_id: int, roles: Collection[str]) -> Actor:
    """A member of staff with what their roles allow."""
    authorities: set[str] = set()
    for role in roles:
        authorities |= _AUTHORITIES.get(role, set())
    return Actor("staff", name, user_id, frozenset(authorities))
