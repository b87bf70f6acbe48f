package python_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/headgate/headgate/internal/reference/python"
	"github.com/headgate/headgate/internal/reference/referencetest"
)

// BenchmarkRead reads modules as they are in services: mostly code without SQL, some with, and models.
func BenchmarkRead(b *testing.B) {
	fsys := fstest.MapFS{"app/base.py": {Data: []byte(`from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Record(Base):
    __abstract__ = True
    id: Mapped[int] = mapped_column(primary_key=True)
`)}}
	files := []string{"app/base.py"}
	for i := range 40 {
		name := fmt.Sprintf("app/store%02d.py", i)
		text := "from sqlalchemy import text\nfrom sqlalchemy.orm import Mapped, mapped_column\n\nfrom app.base import Record\n\nTABLE = \"trees\"\n" +
			strings.Repeat(`

class Tree(Record):
    """A tree of the forest."""

    __tablename__ = "trees"
    name: Mapped[str] = mapped_column(default="")
    height_m: Mapped[float | None]


async def load(session, tree_id: int) -> Tree:
    if tree_id < 0:
        raise ValueError(f"load tree {tree_id}: no such id")
    query = f"SELECT id, name, height_m FROM {TABLE}"
    query += " WHERE id = :id"
    row = (await session.execute(text(query), {"id": tree_id})).one()
    names = [field.name.lower() + "_" + suffix for field, suffix in fields(row)]
    return Tree(**dict(zip(names, row)))
`, 50)
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
		files = append(files, name)
	}
	referencetest.Benchmark(b, python.Language{}, fsys, files)
}
