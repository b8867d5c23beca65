#!/usr/bin/env python3
"""measure.py FILE COMMAND…: runs it and writes {"seconds", "peak_mib"} of it and its children to FILE; exits as it does."""
import json, resource, subprocess, sys, time

start = time.monotonic()
status = subprocess.run(sys.argv[2:]).returncode
with open(sys.argv[1], "w") as file:
    json.dump({"seconds": round(time.monotonic() - start, 2),
               "peak_mib": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)}, file)
sys.exit(status)
