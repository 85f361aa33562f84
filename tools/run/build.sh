# ./run build [debug|release|asan|tsan]
source tools/run/lib.sh
profile=${1:-debug}
case $profile in
  debug | release) need_packages build ;;
  asan | tsan) need_packages build sanitizers ;;
  *) die "no profile '$profile': debug, release, asan or tsan" 2 ;;
esac
configure "$profile"
compile "$profile"
