#include "comm/task_farm.hpp"

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
      : comm_(comm), farm_(farm), working_(farm.all_ranks ? comm.size() - 1 : 0) {}

  void run() {
    const auto tick = [this] {
      while (auto request = comm_.poll(kRequestTag)) serve(*request);
    };
    while (next_ < farm_.tasks) {
      const int64_t task = next_++;
      tick();
      farm_.accept(task, farm_.execute(farm_.describe(task), tick));
      tick();
    }
    while (working_ > 0) serve(comm_.receive_any(kRequestTag));
  }

 private:
  void serve(const Communicator::Message& request) {
    // Hand out first: the worker computes while its result is accepted.
    if (next_ < farm_.tasks) {
      const int64_t task = next_++;
      comm_.send(request.rank, kAssignmentTag, pack(task, farm_.describe(task)));
    } else {
      comm_.send(request.rank, kAssignmentTag, pack(kNone, ""));
      --working_;
    }
    ByteReader reader(request.text);
    const auto finished = reader.value<int64_t>();
    if (finished != kNone) farm_.accept(finished, reader.text());
  }

  const Communicator& comm_;
  const TaskFarm& farm_;
  int working_;
  int64_t next_ = 0;
};

}  // namespace

void run_tasks(const Communicator& comm, const TaskFarm& farm) {
  if (comm.is_root()) {
    Master(comm, farm).run();
  } else if (farm.all_ranks) {
    work(comm, farm);
  }
  // A worker that was told to stop must not ask for tasks of the next farm while others still work on
  // this one.
  if (farm.all_ranks) comm.barrier();
}

}  // namespace medpfl
