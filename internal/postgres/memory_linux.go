package postgres

import "syscall"

// tmpfsMagic is statfs's f_type of a file system in memory (statfs(2)).
const tmpfsMagic = 0x01021994

// memoryFolder says whether a folder is on a file system in memory with at least so many bytes free. In a
// container /dev/shm is one of 64 MB as a rule, which is no room for a server.
func memoryFolder(dir string, room uint64) bool {
	var st syscall.Statfs_t
	return syscall.Statfs(dir, &st) == nil && st.Type == tmpfsMagic && st.Bavail*uint64(st.Bsize) >= room
}
