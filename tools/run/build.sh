# ./run build [debug|release|asan|tsan]
source tools/run/lib.sh
profile=${1:-debug}
case $profile in
  debug | release | asan | tsan) ;;
  *) die "no profile '$profile': debug, release, asan or tsan" 2 ;;
esac
need_packages build
configure "$profile"
compile "$profile"
