package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/jsonstream"
	"github.com/moby/moby/api/types/network"
)

// fakeEngine answers Docker's API; pull is the handler of a pull.
func fakeEngine(t *testing.T, pull http.HandlerFunc) (host string) {
	mux := http.NewServeMux()
	mux.HandleFunc("/_ping", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Api-Version", "1.44") })
	mux.HandleFunc("GET /{version}/images/{name...}", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"message":"No such image"}`)
	})
	mux.HandleFunc("POST /{version}/images/create", pull)
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return "tcp://" + srv.Listener.Addr().String()
}

// noBinaries is a starter for a machine without PostgreSQL.
func noBinaries(host string) *starter {
	env := func(name string) string {
		if name == "DOCKER_HOST" {
			return host
		}
		return ""
	}
	s := newStarter(Options{Env: env})
	s.binaryDirs = []string{"/nowhere/*/bin"}
	return s
}

func TestPullStalls(t *testing.T) {
	tests := map[string]func(w http.ResponseWriter, r *http.Request){
		"no answer": func(http.ResponseWriter, *http.Request) {},
		"no progress": func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, `{"status":"Pulling fs layer","id":"a"}{"status":"Downloading","id":"a","progressDetail":{"current":10,"total":100}}`)
		},
		"the same again and again": func(w http.ResponseWriter, r *http.Request) {
			for i := 0; r.Context().Err() == nil; i++ {
				fmt.Fprintf(w, `{"status":"Downloading","id":"a","progressDetail":{"current":10,"total":100}}{"status":"Retrying in %d seconds","id":"a"}`, i)
				w.(http.Flusher).Flush()
			}
		},
	}
	for name, pull := range tests {
		t.Run(name, func(t *testing.T) {
			released := make(chan struct{})
			host := fakeEngine(t, func(w http.ResponseWriter, r *http.Request) {
				pull(w, r)
				w.(http.Flusher).Flush()
				select {
				case <-r.Context().Done():
				case <-released:
				}
			})
			defer close(released)
			s := noBinaries(host)
			s.pullStall = 50 * time.Millisecond
			_, err := s.start(t.Context())
			var unavailable *UnavailableError
			if !errors.As(err, &unavailable) || len(unavailable.Tried) != 2 {
				t.Fatalf("got %v", err)
			}
			if !errors.Is(unavailable.Tried[0].Err, pullStalledError{s.pullStall}) {
				t.Errorf("the container's error is %v", unavailable.Tried[0].Err)
			}
			if want := "initdb and postgres are neither on PATH nor in /nowhere/*/bin"; !strings.Contains(err.Error(), want) {
				t.Errorf("%v: lacks %q", err, want)
			}
		})
	}
}

// An error in the stream of a pull comes with status 200.
func TestPullFails(t *testing.T) {
	host := fakeEngine(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"status":"Pulling from library/postgres"}{"errorDetail":{"message":"toomanyrequests: slow down"},"error":"toomanyrequests: slow down"}`)
	})
	_, err := noBinaries(host).start(t.Context())
	if err == nil || !strings.Contains(err.Error(), "postgres:17-alpine is not there and cannot be pulled: toomanyrequests: slow down") {
		t.Errorf("got %v", err)
	}
}

func TestPullProgress(t *testing.T) {
	var p pullProgress
	for i, step := range []struct {
		id, status string
		current    int64
		want       bool
	}{
		{"", "Pulling from library/postgres", 0, true},
		{"a", "Waiting", 0, false},
		{"a", "Downloading", 5, true},
		{"a", "Downloading", 5, false},
		{"b", "Downloading", 5, true},
		{"a", "Downloading", 6, true},
		{"a", "Downloading", 1, false},
		{"a", "Retrying in 3 seconds", 0, false},
		{"a", "Extracting", 1, true},
		{"a", "Pull complete", 0, true},
		{"a", "Pull complete", 0, false},
	} {
		if got := p.advances(jsonstream.Message{ID: step.id, Status: step.status, Progress: &jsonstream.Progress{Current: step.current}}); got != step.want {
			t.Errorf("%d: %+v: got %v", i, step, got)
		}
	}
}

// A DOCKER_HOST that is dead is not passed over for the socket of the machine.
func TestDeadDockerHost(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dead.sock")
	s := noBinaries("unix://" + path)
	s.Provider = Container
	_, err := s.start(t.Context())
	var unavailable *UnavailableError
	if !errors.As(err, &unavailable) || !strings.Contains(err.Error(), "DOCKER_HOST=unix://"+path+" does not answer") {
		t.Errorf("got %v", err)
	}
}

// An engine that takes the connection and says nothing is given up.
func TestSilentDockerHost(t *testing.T) {
	released := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-released }))
	defer srv.Close()
	defer close(released)
	s := noBinaries("tcp://" + srv.Listener.Addr().String())
	s.Provider, s.pingTimeout = Container, 30*time.Millisecond
	if _, err := s.start(t.Context()); err == nil || !strings.Contains(err.Error(), "does not answer") {
		t.Errorf("got %v", err)
	}
}

func TestAutoFallsBack(t *testing.T) {
	requireLocal(t)
	root := tempRoot(t)
	var progress []string
	o := options(t, Auto)
	o.Env = func(name string) string {
		switch name {
		case "DOCKER_HOST":
			return "unix:///nowhere/docker.sock"
		case "TMPDIR":
			return root
		}
		return os.Getenv(name)
	}
	o.Progress = func(line string) { progress = append(progress, line) }
	srv := start(t, o)
	if srv.Provider() != Local {
		t.Errorf("the provider is %s", srv.Provider())
	}
	if len(progress) != 1 || !strings.Contains(progress[0], "DOCKER_HOST=unix:///nowhere/docker.sock") || !strings.Contains(progress[0], "using the local PostgreSQL "+srv.Version()) {
		t.Errorf("the lines are %q", progress)
	}
}

func TestMissingImage(t *testing.T) {
	cli, _ := requireContainer(t)
	o := options(t, Container)
	o.Image = "127.0.0.1:9/headgate/nothing:1" // port 9 discards: no registry answers there
	before := containers(t, cli, o.Image)
	_, err := Start(t.Context(), o)
	var unavailable *UnavailableError
	if !errors.As(err, &unavailable) || !strings.Contains(err.Error(), o.Image) {
		t.Errorf("got %v", err)
	}
	if after := containers(t, cli, o.Image); !slices.Equal(before, after) {
		t.Errorf("before there were %q, after %q", before, after)
	}
}

func TestReapContainers(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	list := []container.Summary{
		{ID: "live", State: container.StateRunning, Created: now.Add(-5 * time.Hour).Unix()},
		{ID: "starting", State: container.StateCreated, Created: now.Add(-5 * time.Minute).Unix()},
		{ID: "neverstarted", State: container.StateCreated, Created: now.Add(-11 * time.Minute).Unix()},
		{ID: "exited", State: container.StateExited, Created: now.Add(-time.Hour).Unix()},
		{ID: "ancient", State: container.StateRunning, Created: now.Add(-25 * time.Hour).Unix()},
	}
	var mu sync.Mutex
	var removed []string
	mux := http.NewServeMux()
	mux.HandleFunc("/_ping", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Api-Version", "1.44") })
	mux.HandleFunc("GET /{version}/containers/json", func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.FormValue("filters"), `"headgate=1"`) || r.FormValue("all") != "1" {
			t.Errorf("the filters are %s", r.Form)
		}
		_ = json.NewEncoder(w).Encode(list)
	})
	mux.HandleFunc("DELETE /{version}/containers/{id}", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		removed = append(removed, r.PathValue("id"))
		if r.PathValue("id") == "exited" {
			w.WriteHeader(http.StatusNotFound) // another run was quicker
			fmt.Fprint(w, `{"message":"No such container"}`)
		}
	})
	srv := httptest.NewServer(mux)
	defer srv.Close()
	cli, err := noBinaries("tcp://" + srv.Listener.Addr().String()).connectDocker(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := reapContainers(context.Background(), cli, now); err != nil {
		t.Error(err)
	}
	if want := []string{"neverstarted", "exited", "ancient"}; !slices.Equal(removed, want) {
		t.Errorf("removed are %q, want %q", removed, want)
	}
}

func TestCandidates(t *testing.T) {
	c := container.InspectResponse{NetworkSettings: &container.NetworkSettings{
		Ports: network.PortMap{network.MustParsePort("5432/tcp"): {{HostPort: "49153"}}},
		Networks: map[string]*network.EndpointSettings{
			"bridge": {IPAddress: netip.MustParseAddr("172.17.0.2")},
			"none":   nil,
		},
	}}
	for _, test := range []struct {
		name, engine, override, gateway string
		want                            []string
	}{
		{"host", "unix:///var/run/docker.sock", "", "", []string{"127.0.0.1:49153", "172.17.0.2:5432"}},
		{"sibling", "unix:///var/run/docker.sock", "", "172.18.0.1", []string{"127.0.0.1:49153", "172.18.0.1:49153", "172.17.0.2:5432"}},
		{"remote", "tcp://build.example:2376", "", "", []string{"127.0.0.1:49153", "build.example:49153", "172.17.0.2:5432"}},
		{"override", "unix:///x", "10.0.0.9", "10.0.0.9", []string{"10.0.0.9:49153", "127.0.0.1:49153", "172.17.0.2:5432"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, a := range candidates(c, test.engine, test.override, test.gateway) {
				got = append(got, a.String())
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

const routeTable = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\n" +
	"docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\n" +
	"eth0\t00000000\t010012AC\t0003\t0\t0\t0\t00000000\n"

func TestGateway(t *testing.T) {
	for text, want := range map[string]string{
		routeTable:                            "172.18.0.1",
		"":                                    "",
		"eth0 00000000 zz":                    "",
		"eth0 00000000 00000000":              "",
		"eth0 00000000 0100":                  "",
		"eth0 00000001 010012AC":              "",
		"x 00000000 0\ny 00000000 0201A8C0\n": "192.168.1.2",
	} {
		if got := gateway(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func FuzzGateway(f *testing.F) {
	f.Add(routeTable)
	f.Add("a 00000000 010012AC")
	f.Fuzz(func(t *testing.T, text string) {
		if got := gateway(text); got != "" {
			if a, err := netip.ParseAddr(got); err != nil || !a.Is4() || a.IsUnspecified() {
				t.Errorf("%q gave %q", text, got)
			}
		}
	})
}
