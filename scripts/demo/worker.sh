# A worker that crashes now and then: gaffer starts it again and says why it went.
job=1
while [ "$job" -le 7 ]; do
  echo "$PS works on job $job"
  job=$((job + 1))
  sleep 2
done
echo "job $job is too heavy" >&2
exit 1
