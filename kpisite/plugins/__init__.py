"""The whole API for plugin authors: three base classes and what they are given.

A datasource answers queries with DataFrames, a view turns frames into text, blobs and metrics,
an output driver publishes a site or delivers an edition. A plugin is one file with one options
model and one class, named by an entry point or by `plugin: package.module:Class`.
"""

from kpisite.model.delivery import Receipt
from kpisite.model.metric import Metric
from kpisite.model.number import NumberFormat
from kpisite.model.period import Period
from kpisite.plugins.announcement import (
    Announcement,
    EditionContent,
    EditionFile,
    FailedView,
    FailureNotice,
    Mail,
    Picture,
    ShownBlock,
)
from kpisite.plugins.datasource import Datasource, DatasourceContext
from kpisite.plugins.markup import escape_html, escape_markdown
from kpisite.plugins.options import PluginOptions, QueryOptions, Variable
from kpisite.plugins.output import (
    EditionDriver,
    EditionOptions,
    OutputContext,
    OutputDriver,
    Progress,
    Site,
    SiteDriver,
)
from kpisite.plugins.tokens import TOKENS, Token, split_tokens
from kpisite.plugins.view import Blob, Collector, Page, Point, Query, View

__all__ = [
    "TOKENS",
    "Announcement",
    "Blob",
    "Collector",
    "Datasource",
    "DatasourceContext",
    "EditionContent",
    "EditionDriver",
    "EditionFile",
    "EditionOptions",
    "FailedView",
    "FailureNotice",
    "Mail",
    "Metric",
    "NumberFormat",
    "OutputContext",
    "OutputDriver",
    "Page",
    "Period",
    "Picture",
    "PluginOptions",
    "Point",
    "Progress",
    "Query",
    "QueryOptions",
    "Receipt",
    "ShownBlock",
    "Site",
    "SiteDriver",
    "Token",
    "Variable",
    "View",
    "escape_html",
    "escape_markdown",
    "split_tokens",
]
