// A dashboard of deliveries, failures, dead letters, durations, instances and the tables. It shows no personal data:
// neither metrics nor the app's own messages contain keys.

param location string
param tags object
param topicId string
param dataStorageId string
param workspaceId string

var week = { durationMs: 604800000 }
var deliveries = [
  { metric: 'DeliverySuccessCount', splitBy: 'EventSubscriptionName', aggregation: 1, title: 'Delivered events' }
  { metric: 'DeliveryAttemptFailCount', splitBy: 'Error', aggregation: 1, title: 'Failed deliveries, by error' }
  { metric: 'DeadLetteredCount', splitBy: 'DeadLetterReason', aggregation: 1, title: 'Given up, by reason' }
  {
    metric: 'DestinationProcessingDurationInMs'
    splitBy: 'EventSubscriptionName'
    aggregation: 4
    title: 'Time to answer, ms'
  }
]
var queries = [
  {
    title: 'Time of an invocation, ms: median and 95th percentile'
    query: 'AppRequests | summarize percentiles(DurationMs, 50, 95) by bin(TimeGenerated, 15m)'
  }
  {
    title: 'Instances that answered'
    query: 'AppRequests | summarize dcount(AppRoleInstance) by bin(TimeGenerated, 15m)'
  }
  {
    title: 'Dead letters of the app'
    query: 'AppTraces | where Message startswith "dead letter in " | summarize sum(ItemCount) by Message, bin(TimeGenerated, 1h)'
  }
]
var tableMetrics = [
  { metric: 'Transactions', splitBy: 'ResponseType', aggregation: 1, title: 'Requests to the tables, by answer' }
  { metric: 'SuccessE2ELatency', splitBy: 'ApiName', aggregation: 4, title: 'Time of a table request, ms' }
]

var deliveryCharts = [
  for chart in deliveries: {
    type: 10
    name: chart.metric
    customWidth: '50'
    content: {
      chartId: 'chart-${chart.metric}'
      version: 'MetricsItem/2.0'
      size: 0
      chartType: 2
      title: chart.title
      resourceType: 'microsoft.eventgrid/systemtopics'
      metricScope: 0
      resourceIds: [topicId]
      timeContext: week
      metrics: [
        {
          namespace: 'microsoft.eventgrid/systemtopics'
          metric: 'microsoft.eventgrid/systemtopics--${chart.metric}'
          aggregation: chart.aggregation
          splitBy: chart.splitBy
        }
      ]
    }
  }
]
var queryCharts = [
  for chart in queries: {
    type: 3
    name: chart.title
    customWidth: '50'
    content: {
      version: 'KqlItem/1.0'
      query: chart.query
      size: 0
      title: chart.title
      timeContext: week
      queryType: 0
      resourceType: 'microsoft.operationalinsights/workspaces'
      crossComponentResources: [workspaceId]
      visualization: 'timechart'
    }
  }
]
var tableCharts = [
  for chart in tableMetrics: {
    type: 10
    name: chart.metric
    customWidth: '50'
    content: {
      chartId: 'chart-${chart.metric}'
      version: 'MetricsItem/2.0'
      size: 0
      chartType: 2
      title: chart.title
      resourceType: 'microsoft.storage/storageaccounts'
      metricScope: 0
      resourceIds: [dataStorageId]
      timeContext: week
      metrics: [
        {
          namespace: 'microsoft.storage/storageaccounts/tableservices'
          metric: 'microsoft.storage/storageaccounts/tableservices-Transaction-${chart.metric}'
          aggregation: chart.aggregation
          splitBy: chart.splitBy
        }
      ]
    }
  }
]

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, 'acs-events')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'ACS event sink'
    category: 'workbook'
    sourceId: workspaceId
    serializedData: string({
      version: 'Notebook/1.0'
      items: concat(deliveryCharts, queryCharts, tableCharts)
      fallbackResourceIds: [workspaceId]
    })
  }
}
