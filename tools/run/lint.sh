# ./run lint: formatting, both compilers with warnings as errors, clang-tidy, the shape of the tree.
source tools/run/lib.sh
need_packages build sanitizers lint
failed=()

mapfile -t sources < <(find include src drivers tools tests -name '*.cpp' -o -name '*.hpp' | sort)

say "clang-format over ${#sources[@]} files"
clang-format-19 --dry-run -Werror "${sources[@]}" || failed+=(clang-format)

say "shape of the tree"
python3 tools/check_includes.py || failed+=(structure)

configure debug
compile debug || failed+=(g++)
configure asan
compile asan || failed+=(clang)

# What ships. Tests are judged by both compilers and by their own results; tidy would take as long again over them.
say "clang-tidy, some twenty seconds a file"
run-clang-tidy-19 -quiet -p build/debug -j "$(nproc)" "$PWD/(src|drivers|tools)/" 2>/dev/null |
  tee build/clang-tidy.log |
  awk '/^\[ *[0-9]+\/[0-9]+\]/ { if (++files % 20 == 0) { print "   " $1 $2; fflush() } }' ||
  failed+=(clang-tidy)
grep -E '(warning|error):' build/clang-tidy.log | sort -u || true

if ((${#failed[@]})); then
  die "lint failed: ${failed[*]}"
fi
say "lint clean"
