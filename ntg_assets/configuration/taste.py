"""How the taste graph and the taste axes are made."""

from pydantic import Field

from ntg_assets.configuration.section import Section


class TasteSettings(Section):
    """Guardrails of the graph, number of axes, embeddings."""

    neighbours_per_item: int = Field(default=50, ge=1)
    """Most edges that leave one item."""
    min_item_support: int = Field(default=5, ge=1)
    """Fewest users of an item that may be a node."""
    min_shared_users: int = Field(default=2, ge=1)
    """Fewest users that an edge needs; applied before the top-K cut."""
    max_items_per_user: int = Field(default=500, ge=2)
    """Only a user's most recent items count,
    so that one heavy user cannot cause a quadratic blow-up.
    """
    shrinkage: float = Field(default=20.0, ge=0)
    """Pulls the similarity of edges with little evidence down: s * n / (n + shrinkage)."""
    sequence_window: int = Field(default=10, ge=1, le=10)
    """Items after an item that count as taken up next; one `lag` steps later weighs 1 / lag."""
    linear_max_items: int = Field(default=5_000, ge=0, le=20_000)
    """Best supported items that take part in the linear graph
    (its cost grows with the cube); 0: it is not made.
    """
    linear_min_item_support: int = Field(default=3, ge=1)
    """Fewest users of an item in the linear graph,
    whose regularisation deals with little evidence by itself.
    """
    linear_max_items_per_user: int = Field(default=5_000, ge=2)
    """The power-user cap of the linear graph."""
    linear_neighbours_per_item: int = Field(default=100, ge=1)
    """Most learned edges that leave one item."""
    linear_regularisation: float = Field(default=7.0, gt=0)
    """Pulls the weights of the linear graph towards 0,
    in mean users per item: a fuller log needs more of it.
    """
    n_axes: int = Field(default=8, ge=1, le=64)
    """Number of taste axes (fewer when the catalogue is smaller)."""
    items_per_axis: int = Field(default=200, ge=1)
    """Loadings kept per axis."""
    embedding_dimensions: int = Field(default=64, ge=0, le=512)
    """Dimensions of the SVD embeddings; 0: none are made."""
    embedding_max_items: int = Field(default=5_000, ge=1)
    """Best supported items that are embedded; scoring them all costs users x items x dimensions."""
    embedding_regularisation: float = Field(default=30.0, ge=0)
    """How strong a dimension must be to count half, in mean strength per item
    (0: all count wholly).
    """
    embedding_min_item_support: int = Field(default=3, ge=1)
    """Fewest users of an item that is embedded."""
    transition_dimensions: int = Field(default=64, ge=0, le=512)
    """Dimensions of what is taken next; 0: it is not learned."""
    transition_max_items: int = Field(default=2_000, ge=1, le=20_000)
    """Best supported items for which it is learned; learning costs their cube, scoring users x
    these items x dimensions.
    """
    transition_min_item_support: int = Field(default=3, ge=1)
    """Fewest users of an item for which it is learned."""
    transition_regularisation: float = Field(default=3.0, gt=0)
    """Pulls what an item says of the next one towards 0, in mean weight of an item."""
