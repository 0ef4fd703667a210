#pragma once
#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace medpfl {

/// Reads the pickles that torch.save writes of tensors, dicts, lists, tuples, text and numbers.
/// Anything else is refused by name, so that no code in a file is ever run. LibTorch's own reader
/// does not know the OrderedDict of a state dict.
class Unpickler {
 public:
  explicit Unpickler(std::string_view bytes) : bytes_(bytes) {}

  /// Returns what the next pickle holds. Throws DataError on damaged bytes and on other objects.
  c10::IValue read();
  /// Returns the storages that the tensors are views of, by key: of the right size, their values
  /// not yet read.
  const std::map<std::string, at::Tensor>& storages() const { return storages_; }
  /// Returns the next `n` bytes behind the last pickle.
  std::string_view take(size_t n);

 private:
  /// Executes one opcode; returns false at the end of the pickle.
  bool step();
  template <class T>
  T number();
  std::string line();
  const c10::IValue& top() const;
  c10::IValue pop();
  std::vector<c10::IValue> pop_to_mark();
  void push_tuple(size_t n);
  void reduce();
  void put_items(const std::vector<c10::IValue>& items);
  c10::IValue storage(const c10::IValue& id);

  std::string_view bytes_;
  size_t at_ = 0;
  std::vector<c10::IValue> stack_;
  std::vector<size_t> marks_;
  std::map<int64_t, c10::IValue> memo_;
  std::map<std::string, at::Tensor> storages_;
};

}  // namespace medpfl
