"""The pages of ``docs/reference``, made from every definition; that is why this room is above all others."""
