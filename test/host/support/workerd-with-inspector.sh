#!/bin/sh
# Runs the engine with its inspector open on 127.0.0.1, tied to its parent like appliance/workerd-with-parent.sh.
command=$1
shift
exec setpriv --pdeathsig KILL -- "$INSPECTED_WORKERD" "$command" "--inspector-addr=127.0.0.1:$INSPECTOR_PORT" "$@"
