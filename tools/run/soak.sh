# ./run soak: says what there is, which is nothing so far.
echo "run: this tree has no soak run yet; ./run test is the whole suite" >&2
exit 2
