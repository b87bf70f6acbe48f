package refinery

import (
	"encoding/binary"
	"math/bits"
)

// checksum is what refinery notes of a migration: SipHash-1-3 with a key of zeros over name, version and text as Rust hashes
// them, a string with the byte 0xff after it and a number as it lies in memory (runner.rs, Migration::unapplied). Versions have
// 32 bits, or 64 with the feature int8-versions.
func checksum(name string, version int64, wide bool, sql string) uint64 {
	data := append([]byte(name), 0xff)
	if wide {
		data = binary.LittleEndian.AppendUint64(data, uint64(version))
	} else {
		data = binary.LittleEndian.AppendUint32(data, uint32(version))
	}
	return sipHash13(append(append(data, sql...), 0xff))
}

// sipHash13 is SipHash (Aumasson and Bernstein, "SipHash: a fast short-input PRF") with one round for each word and three at
// the end.
func sipHash13(data []byte) uint64 {
	v := [4]uint64{0x736f6d6570736575, 0x646f72616e646f6d, 0x6c7967656e657261, 0x7465646279746573}
	round := func() {
		v[0] += v[1]
		v[1] = bits.RotateLeft64(v[1], 13) ^ v[0]
		v[0] = bits.RotateLeft64(v[0], 32)
		v[2] += v[3]
		v[3] = bits.RotateLeft64(v[3], 16) ^ v[2]
		v[0] += v[3]
		v[3] = bits.RotateLeft64(v[3], 21) ^ v[0]
		v[2] += v[1]
		v[1] = bits.RotateLeft64(v[1], 17) ^ v[2]
		v[2] = bits.RotateLeft64(v[2], 32)
	}
	length := len(data)
	last := make([]byte, 8)
	copy(last, data[length-length%8:])
	last[7] = byte(length)
	for _, word := range [][]byte{data[:length-length%8], last} {
		for ; len(word) >= 8; word = word[8:] {
			m := binary.LittleEndian.Uint64(word)
			v[3] ^= m
			round()
			v[0] ^= m
		}
	}
	v[2] ^= 0xff
	for range 3 {
		round()
	}
	return v[0] ^ v[1] ^ v[2] ^ v[3]
}
