#include "benchmark/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "core/process.hpp"
#include "h5/axes.hpp"

namespace medpfl {
namespace {

// Repetitions of a measurement: fewer on a machine under load, where the benchmark would seem to
// hang.
constexpr size_t kFewest = 3, kMost = 7;
constexpr double kEnough = 1;  // seconds

// Returns how many times as long as its floor a row takes.
std::string times_the_floor(const BenchmarkRow& row) {
  if (row.floor <= 0) return "";
  const bool is_rate = row.unit.find("/s") != std::string::npos;
  return fmt::format("{:.2f}", is_rate ? row.floor / row.value : row.value / row.floor);
}

// Returns the seconds of the slowest rank.
double once(const Communicator& comm, const std::function<void()>& action) {
  using Clock = std::chrono::steady_clock;
  comm.barrier();
  const auto start = Clock::now();
  action();
  return comm.max(std::chrono::duration<double>(Clock::now() - start).count());
}

double median(std::vector<double>* values) {
  const auto middle = values->begin() + static_cast<int64_t>(values->size() / 2);
  std::nth_element(values->begin(), middle, values->end());
  return *middle;
}

}  // namespace

double seconds(const Communicator& comm, const std::function<void()>& action) {
  return seconds_by_turns(comm, action, [] {}).first;
}

std::pair<double, double> seconds_by_turns(const Communicator& comm,
                                           const std::function<void()>& first,
                                           const std::function<void()>& second) {
  std::vector<double> a, b;
  double total = 0;
  once(comm, first);
  once(comm, second);
  while (a.size() < kFewest || (a.size() < kMost && total < kEnough)) {
    a.push_back(once(comm, first));
    b.push_back(once(comm, second));
    total += a.back() + b.back();
  }
  return {median(&a), median(&b)};
}

void show_rows(const std::vector<BenchmarkRow>& rows) {
  fmt::print("{:<44} {:>12} {:<15} {:>10} {:>7}  {}\n", "what", "value", "unit", "floor", "times",
             "floor is");
  for (const BenchmarkRow& row : rows)
    fmt::print("{:<44} {:>12.3f} {:<15} {:>10} {:>7}  {}\n", row.what, row.value, row.unit,
               row.floor > 0 ? fmt::format("{:.3f}", row.floor) : "", times_the_floor(row),
               row.floor_is);
}

void write_rows(const std::string& path, const std::vector<BenchmarkRow>& rows, int ranks) {
  std::vector<std::string> what, unit, floor_is;
  std::vector<double> value, floor;
  for (const BenchmarkRow& row : rows) {
    what.push_back(row.what);
    value.push_back(row.value);
    unit.push_back(row.unit);
    floor.push_back(row.floor);
    floor_is.push_back(row.floor_is);
  }
  const h5::Shape shape = {static_cast<int64_t>(rows.size())};
  h5::File file = h5::File::create(path);
  file.write("/what", what, shape, {"what was measured", "1", {"row"}});
  file.write("/value", value, shape, {"median, in the unit of the row", "1", {"row"}});
  file.write("/unit", unit, shape, {"unit of value and floor", "1", {"row"}});
  file.write("/floor", floor, shape, {"what the machine sets; 0: none measured", "1", {"row"}});
  file.write("/floor_is", floor_is, shape, {"what the floor is", "1", {"row"}});
  file.write_attribute("/", "filetype", std::string("medpfl-benchmark"));
  file.write_attribute("/", "ranks", static_cast<int64_t>(ranks));
  file.write_attribute("/", "host", host_name());
  h5::label_axes(&file);
  file.close();
}

}  // namespace medpfl
