// Runs a fuzzer without libFuzzer: NAME_replay RUNS FOLDER reads each file of the folder, then RUNS
// changed ones, the same in every run. A fault leaves the bytes in the working directory.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <iterator>
#include <random>
#include <vector>

#include "fuzz.hpp"

namespace {

using Bytes = std::vector<uint8_t>;

constexpr unsigned kMostSeconds = 10;
constexpr rlim_t kMostMemory = rlim_t{4} << 30;
constexpr const char* kFault = "crash-replay";

Bytes now;  // what is being read

// Only calls that are allowed in a signal handler.
void keep_input(int signal) {
  const int file = open(kFault, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file < 0 || write(file, now.data(), now.size()) < 0) _exit(2);
  std::signal(signal, SIG_DFL);
  raise(signal);
}

void read_now() {
  alarm(kMostSeconds);
  LLVMFuzzerTestOneInput(now.data(), now.size());
  alarm(0);
}

class Mutator {
 public:
  // One to four changes.
  void change(Bytes* bytes, const Bytes& other) {
    for (size_t left = below(4) + 1; left > 0; --left) change_once(bytes, other);
  }
  size_t below(size_t end) { return random_() % std::max<size_t>(end, 1); }

 private:
  void change_once(Bytes* bytes, const Bytes& other) {
    if (bytes->empty()) return bytes->push_back(static_cast<uint8_t>(below(256)));
    const size_t at = below(bytes->size());
    const size_t length = 1 + below(std::min<size_t>(bytes->size() - at, 64));
    const auto begin = bytes->begin() + static_cast<long>(at);
    const auto end = begin + static_cast<long>(length);
    switch (below(8)) {
      case 0:
        return bytes->resize(at);
      case 1:
        bytes->erase(begin, end);
        return;
      case 2: {
        const Bytes again(begin, end);
        bytes->insert(begin, again.begin(), again.end());
        return;
      }
      case 3:
        std::fill(begin, end, static_cast<uint8_t>(below(2) == 0 ? 0 : 0xff));
        return;
      case 4: {
        const size_t from = below(other.size());
        std::copy_n(other.begin() + static_cast<long>(from), std::min(length, other.size() - from),
                    begin);
        return;
      }
      case 5:
        *begin = static_cast<uint8_t>(below(256));
        return;
      default:
        *begin ^= static_cast<uint8_t>(1U << below(8));
    }
  }

  std::mt19937_64 random_{1};
};

std::vector<Bytes> read_files(const char* folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) paths.push_back(entry);
  std::sort(paths.begin(), paths.end());
  std::vector<Bytes> files;
  for (const std::filesystem::path& path : paths) {
    std::ifstream file(path, std::ios::binary);
    files.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return files;
}

}  // namespace

int main(int count, char** words) {
  if (count != 3) {
    std::fprintf(stderr, "%s RUNS FOLDER\n", words[0]);
    return 2;
  }
  const rlimit memory = {kMostMemory, kMostMemory};
  setrlimit(RLIMIT_DATA, &memory);
  for (const int signal : {SIGABRT, SIGALRM, SIGBUS, SIGFPE, SIGILL, SIGSEGV})
    std::signal(signal, keep_input);
  const std::vector<Bytes> seeds = read_files(words[2]);
  if (seeds.empty()) {
    std::fprintf(stderr, "%s has no files\n", words[2]);
    return 2;
  }
  for (const Bytes& seed : seeds) {
    now = seed;
    read_now();
  }
  Mutator mutator;
  for (long run = std::atol(words[1]); run > 0; --run) {
    now = seeds[mutator.below(seeds.size())];
    mutator.change(&now, seeds[mutator.below(seeds.size())]);
    read_now();
  }
  std::printf("%zu files and %s changed ones: no fault\n", seeds.size(), words[1]);
}
