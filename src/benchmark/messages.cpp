// The messages of a round, beside the speed at which the machine copies memory.
#include "benchmark/messages.hpp"

#include <fmt/format.h>

#include <cstring>
#include <functional>

#include "comm/exact_sum.hpp"
#include "comm/update_sum.hpp"
#include "core/random.hpp"
#include "privacy/masking.hpp"

namespace medpfl {
namespace {

constexpr int64_t kVector = int64_t{1} << 22;        // parameters of the row in medpfl benchmark
constexpr int64_t kBeyondCaches = int64_t{1} << 26;  // bytes

// Returns the GB/s at which one rank copies this many bytes while all others do the same.
double memcpy_rate(const Communicator& comm, int64_t bytes) {
  std::vector<char> from(static_cast<size_t>(bytes), 1), to(static_cast<size_t>(bytes));
  const double time = seconds(comm, [&] { std::memcpy(to.data(), from.data(), from.size()); });
  return static_cast<double>(bytes) / time / 1e9;
}

// Returns a layout of `parameters` in 32 layers, each a weight and a bias of 256.
ParameterLayout layered(int64_t parameters) {
  ParameterLayout layout;
  for (int layer = 0; layer < 32; ++layer) {
    layout.add(fmt::format("weight{}", layer), {parameters / 32 - 256});
    layout.add(fmt::format("bias{}", layer), {256});
  }
  return layout;
}

struct Way {
  std::string what;
  bool exact;    ///< whether the sum has the same bits for any number of ranks
  double bytes;  ///< bytes that a rank other than 0 exchanges for each parameter
  std::function<void()> action;
  double seconds = 0;
};

BenchmarkRow row_of(const Way& way, int64_t n, double floor) {
  return {way.what, way.bytes * static_cast<double>(n) / way.seconds / 1e9, "GB/s", floor,
          fmt::format("memcpy; {} parameters, {:.3f} ms", n, 1e3 * way.seconds)};
}

// Times the ways to add up one vector and hand it back. Zeros are sent, whose sums never overflow.
std::vector<Way> time_ways(const Communicator& comm, const ParameterLayout& layout, double floor,
                           std::vector<BenchmarkRow>* rows) {
  const int64_t n = layout.size();
  std::vector<int64_t> fixed(static_cast<size_t>(n), 0);
  std::vector<float> values(static_cast<size_t>(n), 0.0F);
  const auto exchange = [&](auto* sum, int64_t at, int64_t count) {
    comm.sum_to_root(sum + at, count);
    comm.broadcast(values.data() + at, count * static_cast<int64_t>(sizeof(float)));
  };
  const auto by_tensor = [&](auto* sum) {
    for (const ParameterLayout::Entry& entry : layout.entries())
      exchange(sum, entry.offset, entry.size);
  };
  std::vector<Way> ways = {
      {"exact Reduce + Bcast", true, 12, [&] { exchange(fixed.data(), 0, n); }},
      {"exact Reduce + Bcast, a message a tensor", true, 12, [&] { by_tensor(fixed.data()); }},
      {"exact Allreduce", true, 16, [&] { comm.sum_to_all(fixed.data(), n); }},
      {"fast Reduce + Bcast", false, 8, [&] { exchange(values.data(), 0, n); }},
      {"fast Reduce + Bcast, a message a tensor", false, 8, [&] { by_tensor(values.data()); }},
      {"fast Allreduce", false, 8, [&] { comm.sum_to_all(values.data(), n); }}};
  for (Way& way : ways) {
    way.seconds = seconds(comm, way.action);
    rows->push_back(row_of(way, n, floor));
  }
  return ways;
}

// Times what else belongs to a round: adding an update to either sum, and rank 0 receiving an
// update from every rank.
void time_parts(const Communicator& comm, int64_t n, double floor,
                std::vector<BenchmarkRow>* rows) {
  const std::vector<float> values(static_cast<size_t>(n), 0.5F);
  for (const SumKind kind : words_of(SumKind()).values()) {
    const auto sum = make_update_sum(kind, n);
    Way add = {word_of(kind) + ", an update added", true, 4,
               [&] { sum->add(values.data(), n, 0.5, "benchmark", 0); }};
    add.seconds = seconds(comm, add.action);
    rows->push_back(row_of(add, n, floor));
  }
  const std::string message(static_cast<size_t>(n) * sizeof(float), '\0');
  Way gather = {"gather of an update a rank to rank 0", true, 4.0 * (comm.size() - 1),
                [&] { comm.gather(message); }};
  gather.seconds = seconds(comm, gather.action);
  rows->push_back(row_of(gather, n, floor));
}

const Way& fastest(const std::vector<Way>& ways, bool exact) {
  const Way* best = nullptr;
  for (const Way& way : ways)
    if (way.exact == exact && (best == nullptr || way.seconds < best->seconds)) best = &way;
  return *best;
}

}  // namespace

void benchmark_aggregation(const Communicator& comm, std::vector<BenchmarkRow>* rows) {
  ParameterLayout layout;
  layout.add("vector", {kVector});
  FlatParameters values(layout);
  RandomStream random({1, Purpose::kBenchmark, 1, 0, 0});
  for (int64_t i = 0; i < kVector; ++i) values.data()[i] = static_cast<float>(random.normal());
  ExactSum sum(kVector);
  const double quantize =
      seconds(comm, [&] { sum.add(values.data(), kVector, 0.5, "benchmark", 0); });
  sum.clear();
  const double reduce = seconds(comm, [&] { sum.reduce(comm); });
  const double broadcast = seconds(comm, [&] { comm.broadcast(&values); });
  const int64_t bytes = kVector * static_cast<int64_t>(sizeof(int64_t) + sizeof(float));
  rows->push_back({"exact sum, one update added", 4 * static_cast<double>(kVector) / quantize / 1e9,
                   "GB/s", 0, ""});
  const double mask = seconds(comm, [&] { add_mask(Key{}, false, sum.integers(), kVector); });
  rows->push_back({"secure aggregation, one mask added",
                   8 * static_cast<double>(kVector) / mask / 1e9, "GB/s", 0, ""});
  rows->push_back({"Reduce + Bcast, 4 M parameters",
                   static_cast<double>(bytes) / (reduce + broadcast) / 1e9, "GB/s",
                   memcpy_rate(comm, bytes), "memcpy of the same bytes"});
}

std::string benchmark_comm(const Communicator& comm, const Model& model,
                           std::vector<BenchmarkRow>* rows) {
  const double floor = memcpy_rate(comm, kBeyondCaches);
  const std::vector<Way> ways = time_ways(comm, model.layout(), floor, rows);
  time_parts(comm, model.layout().size(), floor, rows);
  for (const int64_t parameters : {int64_t{1} << 20, int64_t{10} << 20}) {
    time_ways(comm, layered(parameters), floor, rows);
    time_parts(comm, parameters, floor, rows);
  }
  const Way &exact = fastest(ways, true), &fast = fastest(ways, false);
  return fmt::format(
      "best here for {}: {}, {:.3f} ms a round, of those whose bits hold for any number of ranks; "
      "{} takes {:.3f} ms\n",
      model.name(), exact.what, 1e3 * exact.seconds, fast.what, 1e3 * fast.seconds);
}

}  // namespace medpfl
