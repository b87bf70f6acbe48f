package fold

import "sync"

// Once keeps what is worked out once for a key, such as a file that is parsed, for several readers at once. The zero Once is
// ready to use.
type Once[K comparable, V any] struct {
	mu     sync.Mutex
	values map[K]func() V
}

// Get gives the key's value. work works it out, and must not ask for the same key.
func (o *Once[K, V]) Get(key K, work func() V) V {
	o.mu.Lock()
	value := o.values[key]
	if value == nil {
		if o.values == nil {
			o.values = map[K]func() V{}
		}
		value = sync.OnceValue(work)
		o.values[key] = value
	}
	o.mu.Unlock()
	return value()
}
