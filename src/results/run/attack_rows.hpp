#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "campaign/attack_queue.hpp"

namespace medpfl {

/// One task that is finished, and what belongs to it.
struct TaskRow {
  const AttackTask* task = nullptr;
  const AttackCase* of = nullptr;
  std::string method, knowledge;
  bool told_labels = false;  ///< whether the attacker was told the classes of the batch
  bool adapted = false;      ///< whether the attack answers every defense

  /// Returns what was attacked: "update", "probe", or "sum", of all updates of the round.
  std::string kind() const;
};

/// Returns the rows of /attacks/tasks; the queue must outlive them.
std::vector<TaskRow> task_rows(const AttackQueue& queue);

/// One reconstructed image and where it comes from.
struct ImageRow {
  int64_t task = 0, index = 0;  ///< row of the task; place in the batch
  /// A number that images have in common which are not independent: the hospital, or the message
  /// where every hospital holds a random draw of the same images.
  int64_t cluster = 0;
  const Truth* truth = nullptr;
  const Reconstruction* result = nullptr;
  const ImageScore* score = nullptr;
  const OracleScore* oracle = nullptr;
  /// Whether the true class is among those inferred for the batch, each counted once.
  bool label_found = false;
  int64_t near_duplicates = 0;  ///< of the true image, as in WithoutAttack
};

/// Returns the rows of /attacks/images, of all tasks in their order; the tasks must outlive them.
/// `hospitals_alike`: whether every hospital holds a random draw of the same images.
std::vector<ImageRow> image_rows(const std::vector<TaskRow>& tasks, bool hospitals_alike);

}  // namespace medpfl
