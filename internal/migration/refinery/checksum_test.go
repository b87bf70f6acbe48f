package refinery

import "testing"

// The sums are those of refinery's own test (refinery/tests/postgres.rs, updates_to_last_working_if_not_grouped).
func TestChecksumKnown(t *testing.T) {
	const initial = "CREATE TABLE persons (\n    id int,\n    name varchar(255),\n    city varchar(255)\n);\n"
	const cars = "CREATE TABLE cars (\n    id int,\n    name varchar(255)\n);\n"
	for _, c := range []struct {
		name    string
		version int64
		wide    bool
		sql     string
		want    uint64
	}{
		{"initial", 1, false, initial, 2959965718684201605},
		{"initial", 1, true, initial, 13938959368620441626},
		{"add_cars_table", 2, false, cars, 8238603820526370208},
		{"add_cars_table", 2, true, cars, 5394706226941044339},
	} {
		if got := checksum(c.name, c.version, c.wide, c.sql); got != c.want {
			t.Errorf("%s, 64 bits %t: %d, want %d", c.name, c.wide, got, c.want)
		}
	}
}

func FuzzTitle(f *testing.F) {
	f.Add("V1__a.sql")
	f.Add("U1.5__b.rs")
	f.Fuzz(func(t *testing.T, name string) {
		if claim := (Format{}).Claims(name, nil); claim.Dir != "" && title(name) == "" {
			t.Errorf("%q is claimed and has no title", name)
		}
	})
}
