//go:build !linux

package postgres

func memoryFolder(string, uint64) bool { return false }
