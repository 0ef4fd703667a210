#include "core/stop.hpp"

#include <unistd.h>

#include <csignal>
#include <initializer_list>

#include "core/error.hpp"

namespace medpfl {
namespace {

volatile std::sig_atomic_t stop = 0, speaking = 0;

void note(int signal) {
  stop = 1;
  if (signal != SIGINT) return;
  std::signal(SIGINT, SIG_DFL);
  static const char said[] =
      "\nstopping after the step in hand; another Ctrl-C ends the job at once\n";
  if (speaking != 0 && ::write(STDERR_FILENO, said, sizeof said - 1) < 0) speaking = 0;
}

}  // namespace

void catch_stop_signals(bool speaks) {
  speaking = speaks ? 1 : 0;
  struct sigaction action = {};
  action.sa_handler = note;
  action.sa_flags = SA_RESTART;  // a write or read in hand goes on
  for (const int signal : {SIGTERM, SIGUSR1, SIGINT, SIGHUP}) {
    struct sigaction before = {};
    sigaction(signal, nullptr, &before);
    // nohup has SIGHUP ignored, and a shell SIGINT for what it starts in the background.
    if (before.sa_handler != SIG_IGN) sigaction(signal, &action, nullptr);
  }
}

bool stop_signalled() { return stop != 0; }

void end_if_stop_signalled() {
  if (stop_signalled())
    throw Error(ExitCode::kInterrupted,
                "stopped as asked before the first step; nothing is lost, start it again");
}

}  // namespace medpfl
