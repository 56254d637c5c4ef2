"""Names of Universal Analytics (`ga:users`) and what they are called in Google Analytics 4."""

from __future__ import annotations

from kpisite.errors import DatasourceError, nearest

_SAME_DIMENSIONS = (
    "browser",
    "city",
    "continent",
    "country",
    "date",
    "dateHour",
    "dateHourMinute",
    "day",
    "dayOfWeek",
    "deviceCategory",
    "hour",
    "isoWeek",
    "language",
    "month",
    "operatingSystem",
    "pagePath",
    "pageTitle",
    "region",
    "screenResolution",
    "transactionId",
    "week",
    "year",
    "yearMonth",
)
DIMENSIONS = {name: name for name in _SAME_DIMENSIONS} | {
    "adContent": "sessionManualAdContent",
    "adDistributionNetwork": "sessionGoogleAdsAdNetworkType",
    "adGroup": "sessionGoogleAdsAdGroupName",
    "adMatchedQuery": "sessionGoogleAdsQuery",
    "campaign": "sessionCampaignName",
    "campaignCode": "sessionCampaignId",
    "channelGrouping": "sessionDefaultChannelGroup",
    "fullReferrer": "pageReferrer",
    "hostname": "hostName",
    "landingPagePath": "landingPage",
    "medium": "sessionMedium",
    "searchKeyword": "searchTerm",
    "source": "sessionSource",
    "sourceMedium": "sessionSourceMedium",
    "userType": "newVsReturning",
}
METRICS = {
    "1dayUsers": "active1DayUsers",
    "28dayUsers": "active28DayUsers",
    "7dayUsers": "active7DayUsers",
    "adClicks": "advertiserAdClicks",
    "adCost": "advertiserAdCost",
    "avgSessionDuration": "averageSessionDuration",
    "hits": "eventCount",
    "impressions": "advertiserAdImpressions",
    "newUsers": "newUsers",
    "pageviews": "screenPageViews",
    "pageviewsPerSession": "screenPageViewsPerSession",
    "sessionDuration": "userEngagementDuration",
    "sessions": "sessions",
    "sessionsPerUser": "sessionsPerUser",
    "totalEvents": "eventCount",
    "transactionRevenue": "purchaseRevenue",
    "transactions": "transactions",
    "users": "totalUsers",
}
_CHANGED = {
    "bounceRate": "bounceRate",
    "bounces": "engagedSessions",
    "goalCompletionsAll": "keyEvents",
    "goalConversionRateAll": "sessionKeyEventRate",
    "goalValueAll": "eventValue",
    "percentNewSessions": "newUsers",
    "timeOnPage": "userEngagementDuration",
    "avgTimeOnPage": "userEngagementDuration",
    "uniquePageviews": "sessions",
}
"""Those for which Google Analytics 4 counts something else: whether it will do is for the reader
of the report to say."""


def ga4_name(written: str) -> str:
    """Return what Google Analytics 4 calls a dimension or a metric.

    Args:
        written: A name of Google Analytics 4, which stays, or one that begins with `ga:`.

    Raises:
        DatasourceError: Google Analytics 4 has nothing that counts the same.
    """
    if not written.startswith("ga:"):
        return written
    old = short_name(written)
    found = DIMENSIONS.get(old) or METRICS.get(old)
    if found:
        return found
    if old in _CHANGED:
        hint = f"What comes nearest is '{_CHANGED[old]}': write that, if it will do."
    else:
        hint = nearest(old, {*DIMENSIONS.values(), *METRICS.values(), *_CHANGED.values()})
        hint = hint if hint.startswith("Did") else "Write the name that Google Analytics 4 has."
    raise DatasourceError(f"Google Analytics 4 has no '{written}'", hint=hint)


def short_name(written: str) -> str:
    """Return the name of a column: what was written, without `ga:`."""
    return written.removeprefix("ga:")


def is_metric(name: str, asked: tuple[str, ...]) -> bool:
    """Tell whether a name of Google Analytics 4 is a metric: it is asked for, or known as one."""
    return name in asked or name in METRICS.values()
