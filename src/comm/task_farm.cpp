#include "comm/task_farm.hpp"

#include <vector>

#include "core/bytes.hpp"

namespace medpfl {
namespace {

constexpr int kRequestTag = 2;
constexpr int kAssignmentTag = 3;
constexpr int64_t kNone = -1;

std::string pack(int64_t task, const std::string& text) {
  ByteWriter writer;
  writer.value(task);
  writer.text(text);
  return writer.take();
}

// A worker sends its last result with each request; the first request carries none.
void work(const Communicator& comm, const TaskFarm& farm) {
  std::string request = pack(kNone, "");
  while (true) {
    comm.send(0, kRequestTag, request);
    const std::string assignment = comm.receive(0, kAssignmentTag);
    ByteReader reader(assignment);
    const auto task = reader.value<int64_t>();
    if (task == kNone) return;
    request = pack(task, farm.execute(reader.text(), [] {}));
  }
}

class Master {
 public:
  Master(const Communicator& comm, const TaskFarm& farm)
      : comm_(comm),
        farm_(farm),
        workers_(farm.all_ranks ? static_cast<size_t>(comm.size() - 1) : 0) {}

  void run() {
    const auto tick = [this] {
      // A farm of rank 0 alone must leave requests that belong to a later one.
      if (workers_ == 0) return;
      while (auto request = comm_.poll(kRequestTag)) serve(*request);
    };
    while (next_ < farm_.tasks) {
      const int64_t task = next_++;
      tick();
      farm_.accept(task, farm_.execute(farm_.describe(task), tick));
      tick();
    }
    // All are sent home together: one that left early could ask for tasks of the next farm while
    // others still work on this one.
    while (idle_.size() < workers_) serve(comm_.receive_any(kRequestTag));
    for (const int rank : idle_) comm_.send(rank, kAssignmentTag, pack(kNone, ""));
  }

 private:
  void serve(const Communicator::Message& request) {
    // Hand out first: the worker computes while its result is accepted.
    if (next_ < farm_.tasks) {
      const int64_t task = next_++;
      comm_.send(request.rank, kAssignmentTag, pack(task, farm_.describe(task)));
    } else {
      idle_.push_back(request.rank);
    }
    ByteReader reader(request.text);
    const auto finished = reader.value<int64_t>();
    if (finished != kNone) farm_.accept(finished, reader.text());
  }

  const Communicator& comm_;
  const TaskFarm& farm_;
  size_t workers_;
  std::vector<int> idle_;
  int64_t next_ = 0;
};

}  // namespace

void run_tasks(const Communicator& comm, const TaskFarm& farm) {
  if (comm.is_root()) {
    Master(comm, farm).run();
  } else if (farm.all_ranks) {
    work(comm, farm);
  }
}

}  // namespace medpfl
