"""Rights on the page, mapped to Airflow's own permissions, so that any auth manager decides them.

| right     | asked of the auth manager                                           | SimpleAuthManager roles |
| view      | read runs of ingest_batch                                           | viewer, user, op, admin |
| upload    | create runs of ingest_batch                                         | user, op, admin         |
| review    | answer required actions of review_batch; only they see personal data | user, op, admin         |
| configure | change connections: what an agent's target depends on               | op, admin               |
| erase     | delete runs of ingest_batch, and configure                          | op, admin               |
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import ConnectionDetails, DagAccessEntity, DagDetails
from airflow.api_fastapi.core_api.security import GetUserDep
from airflow.configuration import conf
from airflow.models.dag import DagModel
from fastapi import Depends, HTTPException

INGEST, REVIEW_DAG = "ingest_batch", "review_batch"


class Right(StrEnum):
    """A visitor's rights."""

    VIEW = "view"
    UPLOAD = "upload"
    REVIEW = "review"
    CONFIGURE = "configure"
    ERASE = "erase"


@dataclass(frozen=True, slots=True)
class Visitor:
    """The signed-in person. `name` is what audit rows carry."""

    name: str
    rights: frozenset[Right]

    def may(self, right: Right) -> bool:
        return right in self.rights

    @property
    def sees_personal(self) -> bool:
        """Names, addresses, numbers and documents are for those who review; everybody else sees them masked."""
        return Right.REVIEW in self.rights


def visitor(user: GetUserDep) -> Visitor:
    """The signed-in person with all their rights; a request without a valid token never gets here (401)."""
    return Visitor(str(user.get_name()), rights_of(user))


VisitorDep = Annotated[Visitor, Depends(visitor)]


def rights_of(user: Any) -> frozenset[Right]:
    """Every right of an Airflow user."""
    manager = get_auth_manager()

    def dag(method: Any, entity: DagAccessEntity, dag_id: str) -> bool:
        details = DagDetails(id=dag_id, team_name=_team(dag_id))
        return bool(manager.is_authorized_dag(method=method, access_entity=entity, details=details, user=user))

    configure = bool(manager.is_authorized_connection(method="PUT", details=ConnectionDetails(), user=user))
    granted = {
        Right.VIEW: dag("GET", DagAccessEntity.RUN, INGEST),
        Right.UPLOAD: dag("POST", DagAccessEntity.RUN, INGEST),
        Right.REVIEW: dag("PUT", DagAccessEntity.HITL_DETAIL, REVIEW_DAG),
        Right.CONFIGURE: configure,
        Right.ERASE: configure and dag("DELETE", DagAccessEntity.RUN, INGEST),
    }
    return frozenset(right for right, given in granted.items() if given)


def _team(dag_id: str) -> str | None:
    return DagModel.get_team_name(dag_id) if conf.getboolean("core", "multi_team", fallback=False) else None


def needs(right: Right) -> Any:
    """The dependency of a route: 401 if not signed in, 403 without the right."""

    def check(who: VisitorDep) -> None:
        if not who.may(right):
            raise HTTPException(403, f"Your role in Airflow does not include the right to {right}.")

    check.right = right  # type: ignore[attr-defined]  # the tests read it
    return Depends(check)
