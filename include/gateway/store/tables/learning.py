"""What audits and decisions teach: observations, watches, alarms, calibrations."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.tables.base import Base, now


class Observation(Base):
    """What was said of one contact value and what a person found: for reliability, alarms and calibration. No values.

    said        the confidence with which it was read, 0..1
    source      text | ocr | link | form | cell | file, how it was read; family, language, sender: of its document
    automatic   the profile passed every gate: what a person found says how often automatic passes are right
    risk        of the profile as it was judged, without the agent's calibration; None for rows of tables
    """

    __tablename__ = "observation"
    __table_args__ = (Index("ix_observation_agent", "agent_id", "seen_at"),)

    profile_id: Mapped[str] = mapped_column(ForeignKey("profile.id", ondelete="CASCADE"), primary_key=True)
    field: Mapped[str] = mapped_column(String(16), primary_key=True)
    agent_id: Mapped[str] = mapped_column(ForeignKey("agent.id"))
    said: Mapped[float]
    right: Mapped[bool] = mapped_column("is_right")
    automatic: Mapped[bool]
    risk: Mapped[float | None]
    source: Mapped[str] = mapped_column(String(16))
    family: Mapped[str] = mapped_column(String(80))
    language: Mapped[str] = mapped_column(String(16))
    sender: Mapped[str] = mapped_column(String(60))
    seen_at: Mapped[datetime]


class Watch(Base):
    """How far the watch over one group of an agent's documents has come (quality/sequential.py). Scores, no documents."""

    __tablename__ = "watch"

    agent_id: Mapped[str] = mapped_column(ForeignKey("agent.id"), primary_key=True)
    dimension: Mapped[str] = mapped_column(String(16), primary_key=True)  # source | family | language
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    counted: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime] = mapped_column(default=now)


class Alarm(Base):
    """Something that people should look into: the stated error, drift, or a gate that decides by formatting.

    about   what it is about, so that it is raised once while it is open
    data    the numbers behind it; no personal data
    """

    __tablename__ = "alarm"
    __table_args__ = (Index("ix_alarm_agent", "agent_id", "raised_at"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    agent_id: Mapped[str] = mapped_column(ForeignKey("agent.id"))
    code: Mapped[str] = mapped_column(String(64))
    about: Mapped[str] = mapped_column(String(200))
    sentence: Mapped[str] = mapped_column(Text)
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    raised_at: Mapped[datetime] = mapped_column(default=now)
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None] = mapped_column(String(200))


class Calibration(Base):
    """What a person applied to an agent's confidences and risks. The newest that was not undone is in force.

    shifts     name -> what is added to the log-odds: "risk", and "name", "email", "phone" of rows of tables
    evidence   the numbers it was proposed with
    """

    __tablename__ = "calibration"
    __table_args__ = (Index("ix_calibration_agent", "agent_id", "applied_at"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    agent_id: Mapped[str] = mapped_column(ForeignKey("agent.id"))
    shifts: Mapped[dict[str, Any]]
    evidence: Mapped[dict[str, Any]] = mapped_column(default=dict)
    applied_by: Mapped[str] = mapped_column(String(200))
    applied_at: Mapped[datetime] = mapped_column(default=now)
    undone_by: Mapped[str | None] = mapped_column(String(200))
    undone_at: Mapped[datetime | None]
