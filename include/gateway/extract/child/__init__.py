"""Child processes with limits: every file a stranger sent is opened in one."""
