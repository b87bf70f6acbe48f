"""Trees and the plots that they stand on."""

from __future__ import annotations

import enum
import uuid
from datetime import datetime
from typing import Annotated, Optional

import sqlalchemy as sa
from sqlalchemy import ForeignKey, Index, String, func, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column, relationship

datetime_now = Annotated[datetime, mapped_column(sa.DateTime(timezone=True), server_default=func.now())]


class Health(str, enum.Enum):
    GOOD = "good"
    POOR = "poor"


class Base(DeclarativeBase):
    metadata = sa.MetaData(naming_convention={"ix": "ix_%(table_name)s_%(column_0_name)s", "pk": "pk_%(table_name)s"})


class Stamped:
    created_at: Mapped[datetime_now]

    @declared_attr.directive
    def __table_args__(cls):
        return (Index(f"ix_{cls.__tablename__}_created", "created_at"), {"schema": "forest"})


class Tree(Stamped, Base):
    __tablename__ = "trees"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    plot_id: Mapped[int] = mapped_column(ForeignKey("forest.plots.id", ondelete="CASCADE"), index=True)
    species: Mapped[str] = mapped_column(String(120))  # the Latin name
    height_m: Mapped[Optional[float]]
    health: Mapped[Health] = mapped_column(sa.Enum(Health, name="health", values_callable=lambda e: [m.value for m in e]))
    notes: Mapped[dict] = mapped_column(JSONB, server_default=text("'{}'::jsonb"), nullable=False)
    plot: Mapped["Plot"] = relationship(back_populates="trees", lazy="selectin")


async def tall(session: AsyncSession, *, least: float = 10.0, limit: int | None = None) -> list[Tree]:
    statement = select(Tree).where(Tree.height_m >= least, ~Tree.species.in_(["bush", "hedge"])).order_by(Tree.id)
    if limit is not None and limit > 0:
        statement = statement.limit(limit)
    return [row for (row,) in (await session.execute(statement)).all() if row.health is not Health.POOR]


async def count(session: AsyncSession, table: str) -> int:
    rows = await session.execute(
        text(
            """
            SELECT count(*), coalesce(max(height_m), 0) AS tallest
            FROM forest.trees AS t
            WHERE t.species = :species AND t.created_at > now() - interval '1 day'
            """
        ),
        {"species": table.lower().removeprefix("x-"), "offset": -1 * 0x1F + 3 ** 2},
    )
    await session.execute(text(f"ANALYZE {table!s:>10}\n" "-- done"))
    return rows.scalar_one() or 0
