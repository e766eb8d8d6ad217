# A ticker with colours: they pass through untouched.
colour=31
while :; do
  printf '\033[%sm%s\033[0m tick at %s\n' "$colour" '●' "$(date +%T)"
  colour=$((colour == 36 ? 31 : colour + 1))
  sleep 3
done
