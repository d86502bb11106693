#include "redis/operation.h"

#include "redis/pipeline.h"

namespace edge::redis {

void Operation::withdraw()
{
    if (pipeline_ != nullptr) {
        pipeline_->forget(*this);
    } else if (list_ != nullptr) {
        list_->remove(*this);
    }
    script_ = nullptr;
    in_full_ = false;
    sent_.clear();
    redirections_ = 0;
    if (outcome_ == Outcome::pending) {
        outcome_ = Outcome::idle;
    }
}

OperationList::~OperationList()
{
    while (first_ != nullptr) {
        remove(*first_);
    }
}

void OperationList::add(Operation &operation, Outcome outcome,
                        const Reply *reply)
{
    operation.outcome_ = outcome;
    operation.reply_ = reply;
    operation.list_ = this;
    operation.previous_ = last_;
    operation.next_ = nullptr;
    (last_ != nullptr ? last_->next_ : first_) = &operation;
    last_ = &operation;
}

void OperationList::complete_first()
{
    Operation &operation = *first_;
    remove(operation);
    operation.completion_(operation.data_);
}

void OperationList::remove(Operation &operation)
{
    Operation *before = operation.previous_;
    Operation *after = operation.next_;

    (before != nullptr ? before->next_ : first_) = after;
    (after != nullptr ? after->previous_ : last_) = before;
    operation.list_ = nullptr;
}

} // namespace edge::redis
