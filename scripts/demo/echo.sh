# Answers what it reads: gaffer ctl send echo hello
while read -r line; do
  echo "you said: $line"
done
