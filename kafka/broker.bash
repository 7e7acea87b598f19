# One broker of the cluster: its addresses, its settings, its process. `kafka/cluster` reads this and sets `here` and `data`,
# the folders of these scripts and of the cluster, `base_port`, the cluster's first port, and `programs`, Kafka's folder.

brokers=(1 2 3)
user=taskmesh
heap=320m
java="${JAVA_HOME:+$JAVA_HOME/bin/}java"

folder_of() { printf '%s/broker-%s' "$data" "$1"; }

# port_of LISTENER BROKER: four times three ports in a row, one for each listener and broker.
port_of() {
  local block
  case $1 in plaintext) block=0 ;; sasl_ssl) block=3 ;; ssl) block=6 ;; controller) block=9 ;; esac
  echo "$((base_port + block + $2 - 1))"
}

# addresses LISTENER [@]: the addresses of all brokers, separated by commas; with @, each behind its broker's number.
addresses() {
  local broker list=()
  for broker in "${brokers[@]}"; do list+=("${2:+$broker@}127.0.0.1:$(port_of "$1" "$broker")"); done
  (IFS=,; echo "${list[*]}")
}

# Prints the process id of a broker that runs. A number that has become somebody else's is not believed.
process_of() {
  local folder process command
  folder=$(folder_of "$1")
  [ -f "$folder/pid" ] || return 0
  process=$(cat "$folder/pid")
  [ -n "$process" ] || return 0
  command=$(ps -ww -o command= -p "$process" 2>/dev/null || true)
  if [[ "$command" == *" -Dtaskmesh.kafka.broker=$folder "* ]]; then echo "$process"; fi
}

runs() { [ -n "$(process_of "$1")" ]; }

# await SECONDS COMMAND...: asks until it is so.
await() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.1
  done
}

gone() { ! runs "$1"; }

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

tool() { "$java" -Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$programs/*" "$@"; }

write_properties() {
  local broker=$1 listeners
  listeners="PLAINTEXT://127.0.0.1:$(port_of plaintext "$broker"),SASL_SSL://127.0.0.1:$(port_of sasl_ssl "$broker")"
  listeners="$listeners,SSL://127.0.0.1:$(port_of ssl "$broker")"
  mkdir -p "$(folder_of "$broker")"
  {
    cat "$here/broker.properties"
    cat <<END

node.id=$broker
controller.quorum.voters=$(addresses controller @)
listeners=$listeners,CONTROLLER://127.0.0.1:$(port_of controller "$broker")
advertised.listeners=$listeners
log.dirs=$(folder_of "$broker")/data
ssl.keystore.location=$data/certificates/broker-$broker-keystore.pem
ssl.truststore.location=$data/certificates/ca.pem
END
  } >"$(folder_of "$broker")/broker.properties"
}

# Users can only be added to a cluster without brokers while its storage is laid out.
format() {
  local folder password
  folder=$(folder_of "$1")
  password=$(cat "$data/password")
  [ ! -f "$folder/data/meta.properties" ] || return 0
  tool kafka.tools.StorageTool format --cluster-id "$(cat "$data/cluster-id")" --config "$folder/broker.properties" \
    --add-scram "SCRAM-SHA-512=[name=$user,password=$password]" \
    --add-scram "SCRAM-SHA-256=[name=$user,password=$password]" >"$folder/format.log" 2>&1 || {
    cat "$folder/format.log" >&2
    fail "the storage of broker $1 could not be laid out"
  }
}

# Starts a broker, which is then on its way.
launch() {
  local broker=$1 folder listener
  folder=$(folder_of "$broker")
  for listener in plaintext sasl_ssl ssl controller; do
    if listens "$(port_of "$listener" "$broker")"; then
      fail "port $(port_of "$listener" "$broker") is taken: choose others with ./dev kafka up --base-port PORT"
    fi
  done
  write_properties "$broker"
  format "$broker"
  # A job of its own: Ctrl-C in this terminal is not meant for it.
  (
    set -m
    nohup "$java" -server "-Dtaskmesh.kafka.broker=$folder" "-Xms$heap" "-Xmx$heap" -XX:+UseSerialGC \
      -XX:+ExitOnOutOfMemoryError -Djava.awt.headless=true "-Dlog4j2.configurationFile=$here/log4j2.properties" \
      -cp "$programs/*" kafka.Kafka "$folder/broker.properties" >"$folder/output.log" 2>&1 </dev/null &
    echo $! >"$folder/pid"
  )
  # Until it has become a program of its own, it does not look like a broker.
  await 5 runs "$broker" || fail "broker $broker could not be started: $(tail -n 1 "$folder/output.log")"
}
