#include "metrics/assignment.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "core/error.hpp"

namespace medpfl {
namespace {

constexpr int64_t kFree = -1;

// Shortest augmenting paths: rows enter one at a time; each grows a tree of alternating paths in
// order of reduced cost (Dijkstra) until it meets a free column. The prices keep every reduced cost
// at or above 0, and at 0 on matched pairs.
class Matcher {
 public:
  Matcher(const std::vector<double>& cost, int64_t n)
      : cost_(cost),
        n_(static_cast<size_t>(n)),
        row_price_(n_, 0.0),
        column_price_(n_, 0.0),
        row_of_(n_, kFree),
        column_of_(n_, kFree) {}

  std::vector<int64_t> solve() {
    for (size_t row = 0; row < n_; ++row) insert(row);
    return column_of_;
  }

 private:
  void insert(size_t new_row) {
    std::vector<double> distance(n_, std::numeric_limits<double>::infinity());
    std::vector<size_t> parent(n_, new_row);  // the row from which a column was reached
    std::vector<bool> settled(n_, false);
    size_t row = new_row, end = n_;
    double reached = 0;  // distance of `row` from new_row
    while (end == n_) {
      size_t best = n_;
      for (size_t column = 0; column < n_; ++column) {
        if (settled[column]) continue;
        const double through =
            reached + cost_[row * n_ + column] - row_price_[row] - column_price_[column];
        if (through < distance[column]) {
          distance[column] = through;
          parent[column] = row;
        }
        if (best == n_ || distance[column] < distance[best]) best = column;
      }
      settled[best] = true;
      reached = distance[best];
      if (row_of_[best] == kFree)
        end = best;
      else
        row = static_cast<size_t>(row_of_[best]);
    }
    // Rows and columns of the tree move by what is left of the way to the free column.
    for (size_t column = 0; column < n_; ++column) {
      if (!settled[column] || column == end) continue;
      const double left = reached - distance[column];
      column_price_[column] -= left;
      row_price_[static_cast<size_t>(row_of_[column])] += left;
    }
    row_price_[new_row] += reached;
    augment(new_row, end, parent);
  }

  // Flips the path from the free column back to the new row.
  void augment(size_t new_row, size_t column, const std::vector<size_t>& parent) {
    for (;;) {
      const size_t row = parent[column];
      const int64_t previous = column_of_[row];
      row_of_[column] = static_cast<int64_t>(row);
      column_of_[row] = static_cast<int64_t>(column);
      if (row == new_row) return;
      column = static_cast<size_t>(previous);
    }
  }

  const std::vector<double>& cost_;
  size_t n_;
  std::vector<double> row_price_, column_price_;
  std::vector<int64_t> row_of_, column_of_;
};

}  // namespace

std::vector<int64_t> optimal_assignment(const std::vector<double>& cost, int64_t n) {
  if (n < 0 || cost.size() != static_cast<size_t>(n) * static_cast<size_t>(n))
    throw Error(ExitCode::kInternal, fmt::format("an assignment of {} needs {} x {} costs, got {}",
                                                 n, n, n, cost.size()));
  for (size_t i = 0; i < cost.size(); ++i)
    if (!std::isfinite(cost[i]))
      throw NumericError(fmt::format("the cost of row {} and column {} is {}: it must be finite",
                                     i / static_cast<size_t>(n), i % static_cast<size_t>(n),
                                     cost[i]));
  return Matcher(cost, n).solve();
}

}  // namespace medpfl
