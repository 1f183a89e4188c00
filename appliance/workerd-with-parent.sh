#!/bin/sh
# Starts the engine so that the kernel ends it with its parent: a host killed with -9 leaves no second writer behind.
exec setpriv --pdeathsig KILL -- "$APPLIANCE_WORKERD" "$@"
