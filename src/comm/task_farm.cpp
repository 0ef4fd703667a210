#include "comm/task_farm.hpp"

#include <chrono>
#include <map>
#include <set>
#include <thread>
#include <vector>

#include "core/bytes.hpp"
#include "core/error.hpp"
#include "core/error_message.hpp"

namespace medpfl {
namespace {

constexpr int kToRoot = 2;
constexpr int kToWorker = 3;

// Each direction is one stream of messages, so that none overtakes another.
enum class FromWorker : int8_t {
  kReady,
  kResult,
  kState,
  kEnded,
  kFailed,
  kProgress,
  kStopSignalled
};
enum class FromRoot : int8_t { kTask, kSave, kStop, kFinished, kStopped, kFailed };

// A waiting rank must not spin: it may share its core with one that works.
void rest() { std::this_thread::sleep_for(std::chrono::microseconds(300)); }

template <class Kind>
std::string pack(Kind kind, int64_t task = -1, const std::string& text = "") {
  ByteWriter writer;
  writer.value(kind);
  writer.value(task);
  writer.text(text);
  return writer.take();
}

template <class Kind>
struct Parts {
  explicit Parts(const std::string& message) {
    ByteReader reader(message);
    kind = reader.value<Kind>();
    task = reader.value<int64_t>();
    text = reader.text();
  }
  Kind kind;
  int64_t task;
  std::string text;
};

AgreedError agreed(const std::exception& error) {
  const auto* own = dynamic_cast<const Error*>(&error);
  return {own != nullptr ? own->code() : ExitCode::kInternal, message_of(error)};
}

std::string pack_error(const AgreedError& error) {
  ByteWriter writer;
  writer.value(error.code());
  writer.text(error.what());
  return writer.take();
}

AgreedError unpack_error(const std::string& bytes) {
  ByteReader reader(bytes);
  const auto code = reader.value<ExitCode>();
  return {code, reader.text()};
}

class Worker {
 public:
  Worker(const Communicator& comm, const TaskFarm& farm, const JobControl& control)
      : comm_(comm), farm_(farm), control_(control) {}

  bool run() {
    tell(pack(FromWorker::kReady));
    while (true) {
      const Parts<FromRoot> order(wait());
      if (order.kind == FromRoot::kFinished) return true;
      if (order.kind == FromRoot::kStopped) return false;
      if (order.kind == FromRoot::kFailed) throw unpack_error(order.text);
      // Left are tasks, and orders about a task whose result was already on its way.
      if (order.kind == FromRoot::kTask) execute(order);
    }
  }

 private:
  void execute(const Parts<FromRoot>& order) {
    std::optional<std::string> result;
    try {
      result = farm_.execute(order.text, [&](const auto& save) { return tick(order.task, save); });
    } catch (const std::exception& error) {
      tell(pack(FromWorker::kFailed, order.task, pack_error(agreed(error))));
    }
    if (result) tell(pack(FromWorker::kResult, order.task, *result));
  }

  void tell(const std::string& message) const { comm_.send(0, kToRoot, message); }

  std::string wait() {
    while (true) {
      if (auto message = comm_.poll(kToWorker)) return message->text;
      pass_signal_on();
      rest();
    }
  }

  void pass_signal_on() {
    if (signalled_ || !control_.stop_signalled()) return;
    signalled_ = true;
    tell(pack(FromWorker::kStopSignalled));
  }

  bool tick(int64_t task, const std::function<std::string()>& save) {
    pass_signal_on();
    tell_progress(task);
    const auto message = comm_.poll(kToWorker);
    if (!message) return true;
    const bool stop = Parts<FromRoot>(message->text).kind == FromRoot::kStop;
    tell(pack(stop ? FromWorker::kEnded : FromWorker::kState, task, save()));
    return !stop;
  }

  void tell_progress(int64_t task) {
    const auto now = std::chrono::steady_clock::now();
    if (!farm_.hear || now - told_ < farm_.pause) return;
    told_ = now;
    ByteWriter progress;
    progress.value(farm_.progress());
    tell(pack(FromWorker::kProgress, task, progress.take()));
  }

  const Communicator& comm_;
  const TaskFarm& farm_;
  const JobControl& control_;
  bool signalled_ = false;
  std::chrono::steady_clock::time_point told_ = std::chrono::steady_clock::now();
};

class Master {
 public:
  Master(const Communicator& comm, const TaskFarm& farm, JobControl* control)
      : comm_(comm), farm_(farm), control_(*control) {
    for (int64_t i = farm.tasks - 1; i >= 0; --i)
      if (!farm.open || farm.open(i)) open_.push_back(i);
  }

  bool run() {
    while (pump(nullptr) && !open_.empty()) execute(take());
    // All are sent home together: one that left early could meet the next farm's messages.
    while (static_cast<int>(idle_.size()) < comm_.size() - 1) {
      pump(nullptr);
      rest();
    }
    const FromRoot end = failure_    ? FromRoot::kFailed
                         : stopping_ ? FromRoot::kStopped
                                     : FromRoot::kFinished;
    const std::string text = failure_ ? pack_error(*failure_) : "";
    for (const int rank : idle_) comm_.send(rank, kToWorker, pack(end, -1, text));
    if (failure_) throw AgreedError(*failure_);
    return !stopping_;
  }

 private:
  void execute(int64_t task) {
    own_ = task;
    const std::string described = farm_.describe(task);
    std::optional<std::string> result;
    try {
      result = farm_.execute(described, [this](const auto& save) { return pump(save); });
    } catch (const std::exception& error) {
      fail(agreed(error));
    }
    own_ = -1;
    if (result) farm_.accept(task, *result);
  }

  // The first failure ends everything.
  void fail(const AgreedError& failure) {
    if (!failure_) failure_.emplace(failure);
    stop();
  }

  void stop() {
    if (stopping_) return;
    stopping_ = true;
    ask(FromRoot::kStop);
  }

  // Asks all that have a task for its state.
  void ask(FromRoot order) {
    for (const auto& [rank, task] : busy_) {
      comm_.send(rank, kToWorker, pack(order, task));
      asked_.insert(rank);
    }
  }

  int64_t take() {
    const int64_t task = open_.back();
    open_.pop_back();
    return task;
  }

  // Serves the other ranks and carries out orders. Returns false where this rank's own task must
  // end. `save` returns the state of that task; it is null where there is none.
  bool pump(const std::function<std::string()>& save) {
    if (stopping_ && own_ < 0) {
      receive();
      return false;
    }
    if (control_.stop_signalled()) control_.note_stop();
    if (save && farm_.hear) farm_.hear(own_, farm_.progress());
    receive();
    if (!saving_ && !stopping_) {
      const JobOrder order = control_.order();
      saving_ = order == JobOrder::kSave;
      if (saving_) ask(FromRoot::kSave);
      if (order == JobOrder::kStop) stop();
    }
    if (stopping_) {
      if (save) farm_.keep(own_, save());
      return false;
    }
    if (saving_ && asked_.empty()) {
      if (save) farm_.keep(own_, save());
      control_.saved();
      saving_ = false;
    }
    return true;
  }

  void receive() {
    while (auto message = comm_.poll(kToRoot))
      serve(message->rank, Parts<FromWorker>(message->text));
    if (!farm_.all_ranks || stopping_) return;
    while (!open_.empty() && !idle_.empty()) {
      const int rank = idle_.back();
      idle_.pop_back();
      assign(rank);
    }
  }

  void assign(int rank) {
    const int64_t task = take();
    busy_[rank] = task;
    comm_.send(rank, kToWorker, pack(FromRoot::kTask, task, farm_.describe(task)));
  }

  void serve(int rank, const Parts<FromWorker>& message) {
    switch (message.kind) {
      case FromWorker::kStopSignalled:
        control_.note_stop();
        break;
      case FromWorker::kState:
        farm_.keep(message.task, message.text);
        asked_.erase(rank);
        break;
      case FromWorker::kEnded:
        farm_.keep(message.task, message.text);
        free(rank);
        break;
      case FromWorker::kProgress:
        farm_.hear(message.task, ByteReader(message.text).value<double>());
        break;
      case FromWorker::kReady:
        free(rank);
        break;
      case FromWorker::kFailed:
        free(rank);
        fail(unpack_error(message.text));
        break;
      case FromWorker::kResult:
        free(rank);
        // Hand out first: the worker computes while its result is accepted.
        if (farm_.all_ranks && !stopping_ && !open_.empty()) {
          idle_.pop_back();
          assign(rank);
        }
        farm_.accept(message.task, message.text);
        break;
    }
  }

  void free(int rank) {
    busy_.erase(rank);
    asked_.erase(rank);
    idle_.push_back(rank);
  }

  const Communicator& comm_;
  const TaskFarm& farm_;
  JobControl& control_;
  std::vector<int64_t> open_;    // the next one last
  std::map<int, int64_t> busy_;  // task of each worker that has one
  std::set<int> asked_;          // workers whose state is awaited
  std::vector<int> idle_;
  int64_t own_ = -1;  // the task this rank works on
  bool saving_ = false, stopping_ = false;
  std::optional<AgreedError> failure_;
};

}  // namespace

bool run_tasks(const Communicator& comm, const TaskFarm& farm, JobControl* control) {
  return comm.is_root() ? Master(comm, farm, control).run() : Worker(comm, farm, *control).run();
}

}  // namespace medpfl
