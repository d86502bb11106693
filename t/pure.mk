# The sources that are built without nginx.
PURE := $(addprefix src/,$(filter base/% cache/% http/% invalidate/% limit/% \
        redis/% shm/%,$(shell cat src/sources)))
